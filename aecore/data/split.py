"""Parting images into those to learn from and those held out to judge by."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

EVERY = 5


def split(labels: NDArray[np.int64], seed: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Part images at random into four fifths to learn from and one fifth held out.

    Every class is parted in this proportion, to the nearest image.

    Parameters
    ----------
    labels : ndarray of int64, shape (N,)
    seed : int

    Returns
    -------
    learn, held : ndarrays of int
        Places in `labels`, in random order.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    held_out = np.zeros(len(labels), dtype=bool)
    held_out[by_class[EVERY // 2 :: EVERY]] = True
    return order[~held_out[order]], order[held_out[order]]


def part(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Return the four arrays of a data set by name, parted as `split` says."""
    learn, held = split(labels)
    return {
        "images": images[learn],
        "labels": labels[learn],
        "test_images": images[held],
        "test_labels": labels[held],
    }
