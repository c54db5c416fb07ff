from dataclasses import replace

import numpy as np
import pytest

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
    assert training_subset(digits, Config(classes="3")) is not training_subset(digits, Config())


@pytest.mark.parametrize("classes", ["11", "3,eleven"])
def test_unknown_class_is_rejected(digits: Dataset, classes: str) -> None:
    with pytest.raises(LabError, match=r"Its classes are: 0, 1, 2"):
        Trainer(digits, Config(classes=classes))


def test_error_is_of_the_trained_classes_and_the_map_shows_all(digits: Dataset) -> None:
    config = Config(classes="1", hidden="16", bottleneck=4, batch_size=32, epochs=3)
    trainer = Trainer(digits, config)
    while not trainer.finished:
        trainer.step()
    snapshot = trainer.snapshot()
    assert set(snapshot.labels) == set(range(10))
    ones = digits.test_images[digits.test_labels == 1]
    assert trainer.history[-1]["pca"] == pytest.approx(
        trainer._probe.pca.error(ones, 4, clamped=True)
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
