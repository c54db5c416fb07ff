from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.training.subset import held_out_images, select_classes, training_subset
from aecore.training.trainer import Trainer


def test_subset_contains_only_the_given_classes(digits: Dataset) -> None:
    subset = training_subset(digits, Config(classes="3, 5", train_size=100))
    assert set(subset.labels) == set(subset.test_labels) == {3, 5}
    assert len(subset.images) == len(subset.labels) == 100
    assert np.array_equal(
        subset.test_images, digits.test_images[np.isin(digits.test_labels, [3, 5])]
    )


def test_equal_subsets_are_the_same_object(digits: Dataset) -> None:
    assert training_subset(digits, Config(classes="3")) is training_subset(
        digits, Config(classes="3", bottleneck=2)
    )
    for other in (Config(), Config(classes="3", validation_images=0)):
        assert training_subset(digits, Config(classes="3")) is not training_subset(digits, other)


@pytest.mark.parametrize("classes", ["11", "3,eleven"])
def test_unknown_class_is_rejected(digits: Dataset, classes: str) -> None:
    with pytest.raises(LabError, match=r"Its classes are: 0, 1, 2"):
        Trainer(digits, Config(classes=classes))


def numbered(count: int, test_count: int = 3) -> Dataset:
    """Make a dataset whose images contain their indices; those of test images start at 1,000."""
    numbers, test_numbers = np.arange(count), 1000 + np.arange(test_count)
    images, test_images = (
        each.astype(np.uint16).view(np.uint8).reshape(-1, 1, 2) for each in (numbers, test_numbers)
    )
    return Dataset(
        "numbered",
        images,
        numbers % 2,
        test_images,
        test_numbers % 2,
        ("even", "odd"),
        factors={"slant": numbers.astype(np.float32)},
        test_factors={"slant": test_numbers.astype(np.float32)},
        files=tuple(f"{number}.png" for number in numbers),
    )


def indices(images: NDArray[np.uint8]) -> list[int]:
    """Return the indices that the images of `numbered` contain."""
    return [int(number) for number in np.ascontiguousarray(images).view(np.uint16).ravel()]


@pytest.mark.parametrize(
    ("count", "validation_images", "held_out"),
    [(200, 1000, 20), (200, 15, 15), (209, 1000, 20), (10, 1000, 1)],
)
def test_last_training_images_are_held_out_for_validation(
    count: int, validation_images: int, held_out: int
) -> None:
    dataset = numbered(count)
    for train_size in (100, 150, 1000):
        config = Config(train_size=train_size, validation_images=validation_images)
        subset = training_subset(dataset, config)
        trained = min(train_size, count - held_out)
        assert indices(subset.images) == list(range(trained))
        assert indices(subset.validation_images) == list(range(count - held_out, count))
        assert subset.test_images is dataset.test_images
        assert subset.labels.tolist() == [number % 2 for number in range(trained)]
        assert subset.factors["slant"].tolist() == list(range(trained))
        assert subset.files == tuple(f"{number}.png" for number in range(trained))


def test_validation_images_are_of_the_chosen_classes() -> None:
    subset = training_subset(numbered(200), Config(classes="odd"))
    assert indices(subset.images) == list(range(1, 180, 2))
    assert indices(subset.validation_images) == list(range(181, 200, 2))
    assert indices(subset.test_images) == [1001]


@pytest.mark.parametrize(("count", "validation_images"), [(200, 0), (9, 1000)])
def test_without_validation_images_all_are_trained_on_and_test_images_replace_them(
    count: int, validation_images: int
) -> None:
    dataset = numbered(count, test_count=1200)
    subset = training_subset(dataset, Config(validation_images=validation_images))
    assert indices(subset.images) == list(range(count))
    assert indices(subset.validation_images) == list(range(1000, 2000))


def test_memory_maps_are_not_copied(tmp_path: Path) -> None:
    dataset = numbered(200)
    np.save(tmp_path / "images.npy", dataset.images)
    images = np.load(tmp_path / "images.npy", mmap_mode="r")
    for validation_images in (0, 1000):
        config = Config(train_size=150, validation_images=validation_images)
        subset = training_subset(replace(dataset, images=images), config)
        assert np.shares_memory(subset.images, images)
        source = images if validation_images else dataset.test_images
        assert np.shares_memory(subset.validation_images, source)


def test_error_is_of_the_trained_classes_and_the_map_shows_all(digits: Dataset) -> None:
    config = Config(classes="1", hidden="16", bottleneck=4, batch_size=32, epochs=3)
    trainer = Trainer(digits, config)
    while not trainer.finished:
        trainer.step()
    snapshot = trainer.snapshot()
    assert set(snapshot.labels) == set(range(10))
    ones = digits.images[digits.labels == 1]
    assert trainer.history[-1]["pca"] == pytest.approx(
        trainer._probe.pca.error(ones[-(len(ones) // 10) :], 4, clamped=True)
    )


def test_held_out_images_of_a_class_need_no_training_images(digits: Dataset) -> None:
    few = digits.labels < 3
    split = replace(digits, images=digits.images[few], labels=digits.labels[few])
    images = held_out_images(split, ("7",))
    np.testing.assert_array_equal(images, digits.test_images[digits.test_labels == 7])
    assert held_out_images(split, ()) is digits.test_images
    with pytest.raises(LabError, match="too few images of the classes '7'"):
        select_classes(split, ("7",))


def test_names_of_files_stay_with_their_images(digits: Dataset) -> None:
    named = replace(
        digits,
        files=tuple(map(str, range(len(digits.images)))),
        test_files=tuple(map(str, range(len(digits.test_images)))),
    )
    subset = training_subset(named, Config(classes="3", train_size=100))
    rows = [int(name) for name in subset.files]
    np.testing.assert_array_equal(subset.images, digits.images[rows])
    rows = [int(name) for name in subset.test_files]
    np.testing.assert_array_equal(subset.test_images, digits.test_images[rows])
