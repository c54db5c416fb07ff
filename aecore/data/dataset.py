"""The images of a data set with all that is known of each, checked when they are put together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to learn from, and others held out to judge by; all arrays are read-only.

    Attributes
    ----------
    name : str
    images : ndarray of uint8, shape (N, H, W)
        May be a memory map, as may be the others.
    labels : ndarray of int64, shape (N,)
        Places in `classes`, -1 where unknown.
    test_images : ndarray of uint8, shape (M, H, W)
    test_labels : ndarray of int64, shape (M,)
    classes : tuple of str
        Empty where there are no labels.
    factors : mapping of str to ndarray of float32, shape (N,)
        What the images were made from, such as how thick the lines are; empty where none are known.
    test_factors : mapping of str to ndarray of float32, shape (M,)
        The same of the held-out images.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    classes: tuple[str, ...]
    factors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    test_factors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of each image, in pixels."""
        return self.images.shape[1], self.images.shape[2]


def assemble(
    name: str,
    arrays: Mapping[str, NDArray[Any]],
    classes: tuple[str, ...],
    factors: Sequence[str] = (),
) -> Dataset:
    """Put arrays together, checking what a damaged or foreign folder might get wrong.

    Parameters
    ----------
    name : str
    arrays : mapping of str to ndarray
        ``images``, ``labels``, ``test_images``, ``test_labels``; and where factors are named,
        ``factors`` and ``test_factors`` with a row for each.
    classes : tuple of str
    factors : sequence of str

    Raises
    ------
    LookupError or ValueError
        Where an array is missing, or has not the shape or kind of numbers that it should.
    """
    names = ("images", "labels", "test_images", "test_labels")
    images, labels, test_images, test_labels = (arrays[each] for each in names)
    for pixels, numbers in ((images, labels), (test_images, test_labels)):
        whole = pixels.dtype == np.uint8 and numbers.dtype == np.int64
        if not whole or pixels.ndim != 3 or numbers.shape != pixels.shape[:1]:
            raise ValueError(name)
    if images.shape[1:] != test_images.shape[1:]:
        raise ValueError(name)
    known = [
        dict(zip(factors, arrays[each], strict=True)) if factors else {}
        for each in ("factors", "test_factors")
    ]
    for found, numbers in zip(known, (labels, test_labels), strict=True):
        if any(row.dtype != np.float32 or row.shape != numbers.shape for row in found.values()):
            raise ValueError(name)
    for array in (images, labels, test_images, test_labels, *known[0].values(), *known[1].values()):
        array.setflags(write=False)
    return Dataset(name, images, labels, test_images, test_labels, classes, *known)
