"""Split images into training images and held-out images."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

EVERY = 5


def split(
    labels: NDArray[np.int64], is_test: NDArray[np.bool_] | None = None, seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split images at random into four fifths for training and one held-out fifth.

    The split is stratified: every class is divided in this proportion, to the nearest image.

    Parameters
    ----------
    labels : ndarray of int64, shape (N,)
    is_test : ndarray of bool, shape (N,), optional
        Which images to hold out instead, where the source says so.
    seed : int

    Returns
    -------
    training, held_out : ndarrays of int
        Indices into `labels`, in random order.
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    if is_test is None:
        by_class = order[np.argsort(labels[order], kind="stable")]
        is_test = np.zeros(len(labels), dtype=bool)
        is_test[by_class[EVERY // 2 :: EVERY]] = True
    return order[~is_test[order]], order[is_test[order]]


def split_arrays(
    images: NDArray[np.uint8],
    labels: NDArray[np.int64],
    indices: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> dict[str, NDArray[Any]]:
    """Return the four arrays of a dataset by name, from the indices that `split` returns."""
    training, held_out = indices
    return {
        "images": images[training],
        "labels": labels[training],
        "test_images": images[held_out],
        "test_labels": labels[held_out],
    }
