"""Dataset: images with labels and factors, checked when it is assembled."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore.data.preparation import Preparation
from aecore.errors import DataError

FINGERPRINT_BYTES = 16


class Extent(NamedTuple):
    """How many training images a dataset has, and their size in pixels."""

    images: int
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training images and held-out images, as read-only arrays.

    Attributes
    ----------
    name : str
    images : ndarray of uint8, shape (N, H, W)
        Training images. Any of the arrays may be a memory map.
    labels : ndarray of int64, shape (N,)
        Indices into `classes`, -1 where unknown.
    test_images : ndarray of uint8, shape (M, H, W)
    test_labels : ndarray of int64, shape (M,)
    classes : tuple of str
        Empty if there are no labels.
    factors : mapping of str to ndarray of float32, shape (N,)
        Factors that the images were generated from, such as line thickness; empty if unknown.
    test_factors : mapping of str to ndarray of float32, shape (M,)
        The factors of the held-out images.
    files : tuple of N str
        Paths of the files of the training images in their source; empty if there are none.
    test_files : tuple of M str
        Those of the held-out images.
    preparation : Preparation
        How new pictures have to be prepared to be like these images.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.int64]
    classes: tuple[str, ...]
    factors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    test_factors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    test_files: tuple[str, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of each image, in pixels."""
        return self.images.shape[1], self.images.shape[2]

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the images, labels and classes: equal for equal content, whatever its name.

        It is computed once, from 70,000 images of 28 by 28 pixels in about a tenth of a second.
        """
        content = hashlib.blake2b(digest_size=FINGERPRINT_BYTES)
        content.update(json.dumps(self.classes).encode())
        for array in (self.images, self.labels, self.test_images, self.test_labels):
            content.update(json.dumps([array.dtype.str, array.shape]).encode())
            content.update(np.ascontiguousarray(array).data)
        return content.hexdigest()

    def require(self, fingerprint: str | None) -> None:
        """Check that this is the dataset that a run was trained on.

        Parameters
        ----------
        fingerprint : str or None
            Fingerprint that the run kept; None, which is not checked, for a run that kept none.

        Raises
        ------
        DataError
            If its images, labels or classes are not the same.
        """
        if fingerprint is not None and fingerprint != self.fingerprint:
            raise self.changed()

    def changed(self) -> DataError:
        """Return the error for a dataset that is not the one that a run was trained on."""
        return DataError(
            "The dataset {name} has changed since this run was trained on it. Restore its "
            "images as they were, or train a new run in another folder.",
            name=self.name,
        )


def assemble(
    name: str,
    arrays: Mapping[str, NDArray[Any]],
    classes: tuple[str, ...],
    factors: Sequence[str] = (),
    files: Mapping[str, Sequence[str]] | None = None,
    preparation: Mapping[str, Any] | None = None,
) -> Dataset:
    """Assemble a dataset from arrays, checking their shapes and types.

    Parameters
    ----------
    name : str
    arrays : mapping of str to ndarray
        ``images``, ``labels``, ``test_images``, ``test_labels``; and with `factors`, also
        ``factors`` and ``test_factors`` with a row for each.
    classes : tuple of str
    factors : sequence of str
        Names of the factors.
    files : mapping of str to sequence of str, optional
        Paths of the files of the ``train`` and ``test`` images.
    preparation : mapping of str to value, optional
        Attributes of `Preparation`.

    Raises
    ------
    LookupError, TypeError or ValueError
        If an array is missing or has the wrong shape or type, or an attribute is unknown.
    """
    roles = ("images", "labels", "test_images", "test_labels")
    images, labels, test_images, test_labels = (arrays[each] for each in roles)
    for pixels, numbers in ((images, labels), (test_images, test_labels)):
        types_match = pixels.dtype == np.uint8 and numbers.dtype == np.int64
        if not types_match or pixels.ndim != 3 or numbers.shape != pixels.shape[:1]:
            raise ValueError(name)
    if images.shape[1:] != test_images.shape[1:]:
        raise ValueError(name)
    training_factors, test_factors = (
        dict(zip(factors, arrays[each], strict=True)) if factors else {}
        for each in ("factors", "test_factors")
    )
    for rows, numbers in ((training_factors, labels), (test_factors, test_labels)):
        if any(row.dtype != np.float32 or row.shape != numbers.shape for row in rows.values()):
            raise ValueError(name)
    training_files, test_files = (
        tuple(map(str, (files or {}).get(part, ()))) for part in ("train", "test")
    )
    for paths, numbers in ((training_files, labels), (test_files, test_labels)):
        if paths and len(paths) != len(numbers):
            raise ValueError(name)
    factor_arrays = (*training_factors.values(), *test_factors.values())
    for array in (images, labels, test_images, test_labels, *factor_arrays):
        array.setflags(write=False)
    return Dataset(
        name,
        images,
        labels,
        test_images,
        test_labels,
        classes,
        training_factors,
        test_factors,
        training_files,
        test_files,
        Preparation(**preparation or {}),
    )
