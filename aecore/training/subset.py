"""Select the images a run trains on."""

import weakref
from dataclasses import replace
from itertools import compress
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config, parse_classes
from aecore.data import Dataset
from aecore.errors import RunError

Number = TypeVar("Number", np.uint8, np.int64, np.float32)

_subsets: weakref.WeakKeyDictionary[Dataset, dict[tuple[str, int], Dataset]]
_subsets = weakref.WeakKeyDictionary()


def training_subset(dataset: Dataset, config: Config) -> Dataset:
    """Return the part of a dataset that a run trains on, with held-out images of the same classes.

    Parameters
    ----------
    dataset : Dataset
    config : Config
        Its ``classes`` and ``train_size`` determine the subset.

    Returns
    -------
    Dataset
        The same object for the same subset, so that results can be cached by it.

    Raises
    ------
    RunError
        If the dataset does not have a class, or no images of it.
    """
    subsets = _subsets.setdefault(dataset, {})
    key = config.classes, config.train_size
    if key not in subsets:
        classes = select_classes(dataset, parse_classes(config.classes))
        subsets[key] = _first(classes, config.train_size)
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


def _first(dataset: Dataset, count: int) -> Dataset:
    return replace(
        dataset,
        images=dataset.images[:count],
        labels=dataset.labels[:count],
        factors={name: each[:count] for name, each in dataset.factors.items()},
        files=dataset.files[:count],
    )


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
