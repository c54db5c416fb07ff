import base64

import numpy as np
import pytest

from aecore.applications.iteration import (
    CodeDistance,
    change_response,
    iterate,
    with_gap,
    with_stroke,
)
from aecore.config import Config
from aecore.data import Dataset
from aecore.data.drawing import as_mnist
from aecore.runs.trained_model import TrainedModel
from dashboard.components.draw_pad import SIDE, drawing
from tests.support import trained


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> TrainedModel:
    config = Config(hidden="64", bottleneck=6, noise=0.2, batch_size=32, epochs=10)
    path = tmp_path_factory.mktemp("walk") / "run"
    trained(path, digits, config, steps=400)
    return TrainedModel.open(path, digits)


def picture(network: TrainedModel) -> np.ndarray:
    return np.asarray(network.dataset.test_images[0] / 255, np.float32)


def test_each_image_is_the_reconstruction_of_the_one_before(network: TrainedModel) -> None:
    found = iterate(network, picture(network), 5)
    assert found.images.shape == (6, 8, 8)
    assert np.array_equal(found.images[3], network.reconstruct(found.images[2][None])[0])
    assert found.codes == pytest.approx(network.encode(found.images), abs=1e-5)
    assert found.changes[0] == pytest.approx(
        np.sqrt(np.square(found.images[1] - found.images[0]).mean()), rel=1e-4
    )


def test_noise_comes_to_rest(network: TrainedModel) -> None:
    image = np.random.default_rng(0).random((8, 8), np.float32)
    found = iterate(network, image, 40)
    assert found.changes[-1] < found.changes[0] / 20


def test_a_change_is_what_was_kept_and_what_was_removed(network: TrainedModel) -> None:
    clean = picture(network)
    found = change_response(network, clean, with_stroke(clean, 45))
    assert found.retained + found.removed == pytest.approx(found.change, abs=1e-6)
    assert found.share < 0.9
    assert change_response(network, clean, clean).share == 1


def test_changes_along_the_manifold_are_kept_and_others_undone(network: TrainedModel) -> None:
    images = (network.dataset.test_images[:200] / 255).astype(np.float32)
    labels = network.dataset.test_labels[:200]
    one, other = images[labels == 3][:2]
    noise = np.random.default_rng(1).normal(0, 0.3, one.shape)
    along = change_response(network, one, other).share
    off = change_response(network, one, (one + noise).clip(0, 1).astype(np.float32)).share
    assert along > off + 0.2


def test_noise_lies_farther_from_what_was_learnt_than_digits(network: TrainedModel) -> None:
    cloud = CodeDistance(network)
    held_out = network.encode(network.dataset.test_images[:100])
    assert cloud.rank(held_out).mean() == pytest.approx(0.5, abs=0.1)
    white = network.encode(np.ones((1, 8, 8), np.float32))
    assert cloud.rank(white)[0] > 0.75


def test_a_stroke_adds_and_a_gap_takes_away(network: TrainedModel) -> None:
    clean = picture(network)
    assert with_stroke(clean, 0).sum() > clean.sum()
    assert with_gap(clean, 0.5).sum() < clean.sum()
    assert (with_gap(clean, 0) != clean).any(1).nonzero()[0].max() < 3


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (32, 20)])
def test_a_drawing_is_scaled_into_the_box_and_centred(shape: tuple[int, int]) -> None:
    sheet = np.zeros((112, 112), np.uint8)
    sheet[5:45, 60:70] = 255
    image = as_mnist(sheet, shape)
    assert image is not None
    assert image.shape == shape
    tall = np.flatnonzero(image.any(1))
    assert len(tall) == pytest.approx(shape[0] * 20 / 28, abs=1)
    mass = (image * np.arange(shape[1])).sum() / image.sum()
    assert mass == pytest.approx((shape[1] - 1) / 2, abs=0.6)
    assert image.max() == 1


def test_nothing_drawn_is_nothing() -> None:
    assert as_mnist(np.zeros((112, 112), np.uint8), (28, 28)) is None


def test_what_the_browser_tells_is_checked() -> None:
    sheet = np.zeros((SIDE, SIDE), np.uint8)
    sheet[20:90, 50:60] = 255
    told = base64.b64encode(sheet.tobytes()).decode()
    found = drawing(told, (28, 28))
    assert found is not None
    assert found.shape == (28, 28)
    for bad in (None, 7, "§", "AAAA", told[:-8]):
        assert drawing(bad, (28, 28)) is None
