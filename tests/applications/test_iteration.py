import base64
from dataclasses import replace

import numpy as np
import pytest

from aecore.applications.iteration import (
    ChangeResponse,
    CodeDistance,
    change_response,
    iterate,
    network_response,
    pca_response,
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


def assert_parts_add_up(response: ChangeResponse, reconstructed: np.ndarray) -> None:
    """Compare the parts with the change and with the difference of the reconstructions."""
    energy = np.square(response.change.astype(np.float64)).sum()
    assert response.removed + response.kept == pytest.approx(response.change, abs=1e-6)
    assert response.kept + response.other == pytest.approx(reconstructed, abs=1e-5)
    assert 0 <= response.kept_share <= 1
    sizes = response.sizes
    assert sizes["removed"] + sizes["kept"] == pytest.approx(1)
    for part, size in sizes.items():
        values = getattr(response, part).astype(np.float64)
        assert size >= 0
        assert size**2 == pytest.approx(np.square(values).sum() / energy, rel=1e-4, abs=1e-9)
    # Neither part reverses the change at any pixel.
    for values in (response.removed, response.kept):
        assert (values * response.change >= 0).all()


def test_parts_of_a_change_add_up_for_the_network_and_for_pca(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    for changed in (with_stroke(clean, 45), with_gap(clean, 0.5), np.ones_like(clean)):
        pair = np.stack([clean, changed])
        before, after = network.reconstruct(pair)
        assert_parts_add_up(network_response(network, clean, changed), after - before)
        before, after = network.pca.reconstruct(pair, 6).clip(0, 1).reshape(pair.shape)
        assert_parts_add_up(pca_response(network, clean, changed), after - before)
    assert network_response(network, clean, with_stroke(clean, 45)).kept_share < 0.9


def test_response_is_that_of_the_last_of_several_passes(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    changed = with_gap(clean, 0.75)
    last, first = (iterate(network, image, 5).images[-1] for image in (changed, clean))
    response = network_response(network, clean, changed, 5)
    assert_parts_add_up(response, last - first)
    assert response.kept_share != network_response(network, clean, changed).kept_share
    once, often = (pca_response(network, clean, changed, passes) for passes in (1, 5))
    assert often.kept_share == pytest.approx(once.kept_share, abs=0.15)


def test_parts_of_random_changes_of_random_networks_add_up() -> None:
    draw = np.random.default_rng(0)
    shares = []
    for _ in range(200):
        scale = draw.choice([0.1, 1, 10])
        weights = scale * draw.normal(size=(30, 30))

        def reconstruct(images: np.ndarray, weights: np.ndarray = weights) -> np.ndarray:
            rows = images.reshape(len(images), -1) @ weights
            return np.asarray(1 / (1 + np.exp(-rows.clip(-50, 50))))

        clean, changed = draw.random((2, 6, 5)).astype(np.float32)
        before, after = reconstruct(np.stack([clean, changed])).reshape(2, 6, 5)
        response = change_response(reconstruct, clean, changed)
        assert_parts_add_up(response, after - before)
        shares.append(response.kept_share)
    assert min(shares) == 0
    assert max(shares) > 0.3


def test_reversed_and_exaggerated_changes_are_removed_and_kept_entirely() -> None:
    clean, changed = np.full((4, 4), 0.5, np.float32), np.full((4, 4), 0.75, np.float32)
    reversed_change = change_response(lambda images: 1.0 - images, clean, changed)
    assert reversed_change.sizes == pytest.approx({"removed": 1, "kept": 0, "other": 1})
    exaggerated = change_response(lambda images: 2 * images - 0.5, clean, changed)
    assert exaggerated.sizes == pytest.approx({"removed": 0, "kept": 1, "other": 1})


def test_exact_reconstruction_keeps_the_change_and_a_constant_one_removes_it() -> None:
    draw = np.random.default_rng(0)
    clean, changed = draw.random((2, 6, 5)).astype(np.float32)
    exact = change_response(lambda images: images.astype(np.float32), clean, changed)
    assert exact.sizes == pytest.approx({"removed": 0, "kept": 1, "other": 0}, abs=1e-6)
    constant = change_response(lambda images: np.zeros(images.shape), clean, changed)
    assert constant.sizes == {"removed": 1, "kept": 0, "other": 0}


def test_distances_to_the_clean_image_are_root_mean_squares(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    changed = with_gap(clean, 0.5)
    response = network_response(network, clean, changed, passes=2)
    repaired = iterate(network, changed, 2).images[-1]
    assert response.before == pytest.approx(np.sqrt(np.square(changed - clean).mean()), rel=1e-5)
    assert response.after == pytest.approx(np.sqrt(np.square(repaired - clean).mean()), rel=1e-4)


def test_pca_of_full_width_keeps_the_change(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    wide = replace(network, config=network.config.changed(bottleneck=64))
    response = pca_response(wide, clean, with_stroke(clean, 30))
    assert response.kept_share == pytest.approx(1, abs=1e-5)
    assert response.other_size == pytest.approx(0, abs=1e-4)


def test_unchanged_image_has_empty_parts(network: TrainedModel) -> None:
    clean = first_held_out_image(network)
    for response in (network_response(network, clean, clean), pca_response(network, clean, clean)):
        assert response.sizes == {"removed": 0, "kept": 1, "other": 0}
        for part in (response.change, response.removed, response.kept, response.other):
            # Equal images in a batch are reconstructed equally up to rounding.
            assert abs(part).max() < 1e-6


def test_changes_along_the_manifold_are_kept_more_than_noise(network: TrainedModel) -> None:
    images = (network.dataset.test_images[:200] / 255).astype(np.float32)
    labels = network.dataset.test_labels[:200]
    first, second = images[labels == 3][:2]
    noise = np.random.default_rng(1).normal(0, 0.3, first.shape)
    noisy = (first + noise).clip(0, 1).astype(np.float32)
    along = network_response(network, first, second).kept_share
    assert along > network_response(network, first, noisy).kept_share + 0.2


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
