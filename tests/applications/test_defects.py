from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from aecore.applications import defects
from aecore.config import Config
from aecore.data import Dataset, strokes
from aecore.data.dataset import assemble
from aecore.errors import DataError
from aecore.images import Images
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer

SQUARE, SIDE = 5, 24
ARRAYS = ("images", "labels", "test_images", "test_labels")


def parts(count: int, seed: int) -> NDArray[np.uint8]:
    """Draw a round part with a slot at a random angle, under slightly varying light."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    light, angle = random.normal(1, 0.05, (count, 1, 1)), random.uniform(0, np.pi, (count, 1, 1))
    is_slot = (abs(x * np.sin(angle) - y * np.cos(angle)) < 1) & (np.hypot(x, y) < 5)
    images = 60 + 90 * (np.hypot(x, y) < 10) * light + 80 * is_slot
    images += random.normal(0, 6, images.shape)
    return np.asarray(images.clip(0, 255), np.uint8)


def trained_on(dataset: Dataset, epochs: int) -> TrainedModel:
    config = Config(
        bottleneck=16, hidden="256-128", batch_size=64, epochs=epochs, learning_rate=3e-3
    )
    trainer = Trainer(dataset, config)
    trainer.train()
    return TrainedModel.from_snapshot(trainer.snapshot(), dataset, dataset.name)


@pytest.fixture(scope="module")
def network() -> TrainedModel:
    """Train on strokes, whose edges are at other pixels in each image."""
    drawn = strokes.make(3000, 600, seed=1)
    dataset = assemble("strokes", {name: drawn[name] for name in ARRAYS}, strokes.CLASSES)
    return trained_on(dataset, epochs=25)


@pytest.fixture(scope="module")
def fitted() -> defects.DefectMap:
    """Train on parts, and learn what error is normal."""
    arrays = {"images": parts(500, 0), "test_images": parts(300, 1)}
    labels = {"labels": np.zeros(500, int), "test_labels": np.zeros(300, int)}
    network = trained_on(assemble("parts", {**arrays, **labels}, ("good",)), epochs=30)
    return defects.network_map(network, defects.normal_images(network))


def with_squares(
    images: NDArray[np.uint8], grey: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Paste a square into each image; return the images and where the squares are."""
    random = np.random.default_rng(0)
    masks = np.zeros(images.shape, bool)
    for mask in masks:
        row, column = random.integers(1, np.array(mask.shape) - SQUARE - 1)
        mask[row : row + SQUARE, column : column + SQUARE] = True
    return np.where(masks, np.uint8(grey), images), masks


@pytest.mark.parametrize("grey", [100, 255])
def test_pasted_squares_are_located_better_than_by_pca(network: TrainedModel, grey: int) -> None:
    normal = defects.normal_images(network)
    images, masks = with_squares(strokes.make(60, 1, seed=2)["images"], grey)
    area, pca = (
        defects.pixel_auroc(fit(network, normal).z_scores(images), masks)
        for fit in (defects.network_map, defects.pca_map)
    )
    assert area is not None
    assert pca is not None
    assert area > 0.9
    assert area > pca > 0.5


def test_outlined_region_covers_the_square_and_little_else(fitted: defects.DefectMap) -> None:
    images, masks = with_squares(parts(60, 2), 255)
    regions = fitted.z_scores(images) > fitted.threshold
    assert (regions & masks).sum() / masks.sum() > 0.95
    assert (regions & ~masks).sum() / (~masks).sum() < 0.05
    for mask, region in zip(masks, regions, strict=True):
        points = np.concatenate(defects.outline(region))
        square = np.argwhere(mask)[:, ::-1]
        assert (points.min(0) < square.min(0)).all()
        assert (points.max(0) > square.max(0)).all()


def test_few_new_normal_images_have_a_region(fitted: defects.DefectMap) -> None:
    largest = fitted.z_scores(parts(200, 3)).max((1, 2))
    assert (largest > fitted.threshold).mean() < 0.05


def test_map_of_an_image_does_not_depend_on_the_others(fitted: defects.DefectMap) -> None:
    images, _ = with_squares(parts(20, 2), 255)
    assert fitted.z_scores(images)[:3] == pytest.approx(fitted.z_scores(images[:3]), abs=1e-3)


def noisy_pixel(count: int, seed: int) -> NDArray[np.float32]:
    """Return black images with slight noise, in which one pixel is black or white at random."""
    random = np.random.default_rng(seed)
    images = abs(random.normal(0, 0.1, (count, 8, 8))).astype(np.float32)
    images[:, 2, 3] = random.integers(0, 2, count)
    return images


def reconstruct_black(images: Images) -> NDArray[np.float32]:
    return np.zeros(images.shape, np.float32)


def test_pixel_that_is_always_poorly_reconstructed_is_not_marked() -> None:
    fitted = defects.fit(reconstruct_black, noisy_pixel(200, 0))
    images = noisy_pixel(50, 1)
    assert images[:, 2, 3].max() == 1
    assert not (fitted.z_scores(images) > fitted.threshold)[:, 2, 3].any()
    images[:, 6, 6] = 0.9
    regions = fitted.z_scores(images) > fitted.threshold
    assert regions[:, 6, 6].all()
    assert not regions[:, 2, 3].any()


def test_pixels_that_never_vary_have_no_infinite_scores() -> None:
    fitted = defects.fit(reconstruct_black, np.zeros((20, 8, 8), np.float32))
    scores = fitted.z_scores(np.full((1, 8, 8), 0.5, np.float32))
    assert np.isfinite(scores).all()
    assert (scores > fitted.threshold).all()


def test_threshold_comes_from_other_images_than_the_statistics() -> None:
    """Only the second of each two images has a bright pixel: it is a defect to the first."""
    images = np.zeros((40, 8, 8), np.float32)
    images[1::2, 4, 4] = 1
    fitted = defects.fit(reconstruct_black, images)
    assert fitted.mean.max() == 0
    assert fitted.threshold == pytest.approx(fitted.z_scores(images[1:2]).max())


def test_too_few_normal_images_are_rejected() -> None:
    with pytest.raises(DataError, match=r"too few normal held-out images \(9\); at least 10"):
        defects.fit(reconstruct_black, noisy_pixel(9, 0))


def test_images_of_classes_without_training_images_are_not_normal(network: TrainedModel) -> None:
    """As in MVTec's split, where only the held-out images have defects."""
    dataset = network.dataset
    is_good = dataset.labels < 5
    only_good = replace(
        dataset, images=dataset.images[is_good], labels=dataset.labels[is_good], name="good"
    )
    normal = defects.normal_images(replace(network, dataset=only_good))
    expected = dataset.test_images[dataset.test_labels < 5]
    assert 0 < len(expected) < len(dataset.test_images)
    assert np.array_equal(normal, expected)


def test_images_are_recognized_among_others(digits: Dataset) -> None:
    images = np.concatenate([digits.images[:2], digits.test_images[:1], digits.images[:1] ^ 1])
    found = defects.are_among(images, [digits.images, digits.test_images])
    assert found.tolist() == [True, True, True, False]


def test_no_area_without_both_kinds_of_pixels() -> None:
    maps = np.arange(4, dtype=np.float32).reshape(1, 2, 2)
    assert defects.pixel_auroc(maps, np.zeros((1, 2, 2), bool)) is None
    assert defects.pixel_auroc(maps, np.ones((1, 2, 2), bool)) is None
    assert defects.pixel_auroc(maps[:0], np.zeros((0, 2, 2), bool)) is None
    assert defects.pixel_auroc(maps, np.array([[[False, False], [True, True]]])) == 1


def test_outline_runs_around_each_region_and_closes_at_the_border() -> None:
    region = np.zeros((10, 12), bool)
    region[3:5, 6:9] = True
    region[8:, :2] = True
    inner, corner = sorted(defects.outline(region), key=lambda line: line[:, 1].min())
    assert inner.min(0).tolist() == [5.5, 2.5]
    assert inner.max(0).tolist() == [8.5, 4.5]
    assert corner.min(0).tolist() == [-0.5, 7.5]
    assert corner.max(0).tolist() == [1.5, 9.5]
    assert (inner[0] == inner[-1]).all()
    assert (corner[0] == corner[-1]).all()
    assert defects.outline(np.zeros((10, 12), bool)) == []
