"""Select the images a run trains on, and those on which its error is measured meanwhile."""

import weakref
from dataclasses import dataclass, field, fields, replace
from itertools import compress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config, parse_classes
from aecore.data import Dataset
from aecore.errors import RunError

Number = TypeVar("Number", np.uint8, np.int64, np.float32)

# At most one training image in ten is held out for validation.
ONE_IN = 10
# Number of test images that take the place of validation images where there are none.
MOST_TEST_IMAGES = 1000


@dataclass(frozen=True, eq=False)
class TrainingSubset(Dataset):
    """The part of a dataset that a run trains on, with validation and test images.

    Attributes
    ----------
    validation_images : ndarray of uint8, shape (V, H, W)
        The images on which the error is measured during training, and by which runs are compared:
        training images that are held out, or the first test images if none are.
    """

    validation_images: NDArray[np.uint8] = field(kw_only=True)


_subsets: weakref.WeakKeyDictionary[Dataset, dict[tuple[str, int, int], TrainingSubset]]
_subsets = weakref.WeakKeyDictionary()


def training_subset(dataset: Dataset, config: Config) -> TrainingSubset:
    """Return the part of a dataset that a run trains on, with images of the same classes to test.

    The last training images of the chosen classes are held out for validation, whatever the number
    of images trained on, which are the first of the others. All are views of the dataset's arrays
    unless classes are chosen.

    Parameters
    ----------
    dataset : Dataset
        Its training images must be in random order.
    config : Config
        Its ``classes``, ``train_size`` and ``validation_images`` determine the subset.

    Returns
    -------
    TrainingSubset
        The same object for the same subset, so that results can be cached by it.

    Raises
    ------
    RunError
        If the dataset does not have a class, or no images of it.
    """
    subsets = _subsets.setdefault(dataset, {})
    key = config.classes, config.train_size, config.validation_images
    if key not in subsets:
        classes = select_classes(dataset, parse_classes(config.classes))
        subsets[key] = _divide(classes, config.train_size, config.validation_images)
    return subsets[key]


def select_classes(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Return the images of some classes, or of all if `classes` is empty.

    Raises
    ------
    RunError
        If the dataset does not have a class, or no images of it.
    """
    if not classes:
        return dataset
    labels = [_label(dataset, name) for name in classes]
    rows, test_rows = np.isin(dataset.labels, labels), np.isin(dataset.test_labels, labels)
    if not (rows.any() and test_rows.any()):
        raise _too_few(dataset, classes)
    return replace(
        dataset,
        images=_select(dataset.images, rows),
        labels=_select(dataset.labels, rows),
        test_images=_select(dataset.test_images, test_rows),
        test_labels=_select(dataset.test_labels, test_rows),
        factors={name: _select(each, rows) for name, each in dataset.factors.items()},
        test_factors={
            name: _select(each, test_rows) for name, each in dataset.test_factors.items()
        },
        files=tuple(compress(dataset.files, rows)),
        test_files=tuple(compress(dataset.test_files, test_rows)),
    )


def held_out_images(dataset: Dataset, classes: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return the held-out images of some classes, or of all if `classes` is empty.

    There may be no training images of them, where a split holds out whole classes.

    Raises
    ------
    RunError
        If the dataset does not have a class, or no held-out images of it.
    """
    if not classes:
        return dataset.test_images
    rows = np.isin(dataset.test_labels, [_label(dataset, name) for name in classes])
    if not rows.any():
        raise _too_few(dataset, classes)
    return _select(dataset.test_images, rows)


def _too_few(dataset: Dataset, classes: tuple[str, ...]) -> RunError:
    return RunError(
        "{dataset} has too few images of the classes {classes!r}; add more classes.",
        classes=",".join(classes),
        dataset=dataset.name,
    )


def _divide(dataset: Dataset, train_size: int, validation_images: int) -> TrainingSubset:
    held_out = min(validation_images, len(dataset.images) // ONE_IN)
    end = len(dataset.images) - held_out
    count = min(train_size, end)
    values = {each.name: getattr(dataset, each.name) for each in fields(dataset)}
    first = {
        "images": dataset.images[:count],
        "labels": dataset.labels[:count],
        "factors": {name: each[:count] for name, each in dataset.factors.items()},
        "files": dataset.files[:count],
    }
    validation = dataset.images[end:] if held_out else dataset.test_images[:MOST_TEST_IMAGES]
    return TrainingSubset(**{**values, **first}, validation_images=validation)


def _label(dataset: Dataset, name: str) -> int:
    if name not in dataset.classes:
        raise RunError(
            'Class "{name}" does not exist in {dataset}. Its classes are: {all}. List '
            "some, comma-separated, or leave it empty for all.",
            name=name,
            dataset=dataset.name,
            all=", ".join(dataset.classes) or "none",
        )
    return dataset.classes.index(name)


def _select(array: NDArray[Number], rows: NDArray[np.bool_]) -> NDArray[Number]:
    selection: NDArray[Number] = array[rows]
    selection.setflags(write=False)
    return selection
