"""Split images into training images and held-out images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

EVERY = 5


def split(labels: NDArray[np.int64], seed: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split images at random into four fifths for training and one held-out fifth.

    The split is stratified: every class is divided in this proportion, to the nearest image.

    Parameters
    ----------
    labels : ndarray of int64, shape (N,)
    seed : int

    Returns
    -------
    training, held_out : ndarrays of int
        Indices into `labels`, in random order.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    held_out = np.zeros(len(labels), dtype=bool)
    held_out[by_class[EVERY // 2 :: EVERY]] = True
    return order[~held_out[order]], order[held_out[order]]


def split_arrays(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Return the four arrays of a dataset by name, divided by `split`."""
    training, held_out = split(labels)
    return {
        "images": images[training],
        "labels": labels[training],
        "test_images": images[held_out],
        "test_labels": labels[held_out],
    }
