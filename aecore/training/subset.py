"""What of a data set a run learns from and is judged by: its classes, and not more than so many."""

import weakref
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError

Number = TypeVar("Number", np.uint8, np.int64, np.float32)

_parts: weakref.WeakKeyDictionary[Dataset, dict[tuple[str, int], Dataset]]
_parts = weakref.WeakKeyDictionary()


def training_subset(dataset: Dataset, config: Config) -> Dataset:
    """Return the part of a data set that a run learns from, and the held-out images of its kind.

    Parameters
    ----------
    dataset : Dataset
    config : Config
        ``classes`` and ``train_size`` count.

    Returns
    -------
    Dataset
        The same object for the same part, so that what is computed of it can be kept.

    Raises
    ------
    RunError
        Where a class is not one of the data set's, or has no images.
    """
    parts = _parts.setdefault(dataset, {})
    key = config.classes, config.train_size
    if key not in parts:
        parts[key] = _first(only(dataset, names(config.classes)), config.train_size)
    return parts[key]


def names(classes: str) -> tuple[str, ...]:
    """Return the names of classes that stand in a knob, with commas between; none for all."""
    return tuple(name.strip() for name in classes.split(",") if name.strip())


def only(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Return the images of some classes; of all where none is named.

    Raises
    ------
    RunError
        Where a class is not one of the data set's, or has no images.
    """
    if not classes:
        return dataset
    wanted = [_number(dataset, name) for name in classes]
    rows, held = np.isin(dataset.labels, wanted), np.isin(dataset.test_labels, wanted)
    if not (rows.any() and held.any()):
        raise RunError(
            "{dataset} has too few images of the classes {classes!r}; add more classes.",
            classes=",".join(classes),
            dataset=dataset.name,
        )
    return replace(
        dataset,
        images=_kept(dataset.images, rows),
        labels=_kept(dataset.labels, rows),
        test_images=_kept(dataset.test_images, held),
        test_labels=_kept(dataset.test_labels, held),
        factors={name: _kept(each, rows) for name, each in dataset.factors.items()},
        test_factors={name: _kept(each, held) for name, each in dataset.test_factors.items()},
    )


def _first(dataset: Dataset, count: int) -> Dataset:
    return replace(
        dataset,
        images=dataset.images[:count],
        labels=dataset.labels[:count],
        factors={name: each[:count] for name, each in dataset.factors.items()},
    )


def _number(dataset: Dataset, name: str) -> int:
    if name not in dataset.classes:
        raise RunError(
            'Class "{name}" does not exist in {dataset}. Its classes are: {all}. List '
            "some, comma-separated, or leave it empty for all.",
            name=name,
            dataset=dataset.name,
            all=", ".join(dataset.classes) or "none",
        )
    return dataset.classes.index(name)


def _kept(array: NDArray[Number], rows: NDArray[np.bool_]) -> NDArray[Number]:
    found: NDArray[Number] = array[rows]
    found.setflags(write=False)
    return found
