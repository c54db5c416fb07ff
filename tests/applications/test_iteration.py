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


def first_held_out_image(network: TrainedModel) -> np.ndarray:
    return np.asarray(network.dataset.test_images[0] / 255, np.float32)


def test_each_image_is_the_reconstruction_of_the_previous_one(network: TrainedModel) -> None:
    result = iterate(network, first_held_out_image(network), 5)
    assert result.images.shape == (6, 8, 8)
    assert np.array_equal(result.images[3], network.reconstruct(result.images[2][None])[0])
    assert result.codes == pytest.approx(network.encode(result.images), abs=1e-5)
    assert result.changes[0] == pytest.approx(
        np.sqrt(np.square(result.images[1] - result.images[0]).mean()), rel=1e-4
    )


def test_iteration_from_noise_converges(network: TrainedModel) -> None:
    image = np.random.default_rng(0).random((8, 8), np.float32)
    result = iterate(network, image, 40)
    assert result.changes[-1] < result.changes[0] / 20


def test_change_is_the_sum_of_retained_and_removed_parts(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    response = change_response(network, clean, with_stroke(clean, 45))
    assert response.retained + response.removed == pytest.approx(response.change, abs=1e-6)
    assert response.share < 0.9
    assert change_response(network, clean, clean).share == 1


def test_changes_along_the_manifold_are_retained_more_than_noise(network: TrainedModel) -> None:
    images = (network.dataset.test_images[:200] / 255).astype(np.float32)
    labels = network.dataset.test_labels[:200]
    first, second = images[labels == 3][:2]
    noise = np.random.default_rng(1).normal(0, 0.3, first.shape)
    along = change_response(network, first, second).share
    off = change_response(network, first, (first + noise).clip(0, 1).astype(np.float32)).share
    assert along > off + 0.2


def test_white_image_is_farther_from_training_codes_than_digits(network: TrainedModel) -> None:
    distance = CodeDistance(network)
    held_out = network.encode(network.dataset.test_images[:100])
    assert distance.rank(held_out).mean() == pytest.approx(0.5, abs=0.1)
    white = network.encode(np.ones((1, 8, 8), np.float32))
    assert distance.rank(white)[0] > 0.75


def test_stroke_adds_ink_and_gap_removes_it(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    assert with_stroke(clean, 0).sum() > clean.sum()
    assert with_gap(clean, 0.5).sum() < clean.sum()
    assert (with_gap(clean, 0) != clean).any(1).nonzero()[0].max() < 3


@pytest.mark.parametrize("shape", [(28, 28), (8, 8), (32, 20)])
def test_drawing_is_scaled_into_the_box_and_centred(shape: tuple[int, int]) -> None:
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


def test_empty_drawing_gives_none() -> None:
    assert as_mnist(np.zeros((112, 112), np.uint8), (28, 28)) is None


def test_drawing_from_the_browser_is_validated() -> None:
    sheet = np.zeros((SIDE, SIDE), np.uint8)
    sheet[20:90, 50:60] = 255
    encoded = base64.b64encode(sheet.tobytes()).decode()
    image = drawing(encoded, (28, 28))
    assert image is not None
    assert image.shape == (28, 28)
    for bad in (None, 7, "§", "AAAA", encoded[:-8]):
        assert drawing(bad, (28, 28)) is None
