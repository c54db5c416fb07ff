"""Read images and labels from named arrays: NPZ, NPY and IDX files."""

import math
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from aecore.data.custom import labels
from aecore.data.custom.content import TRAIN, Content, part_of, words
from aecore.data.custom.greyscale import grey
from aecore.data.custom.labels import LABEL_NAMES, damaged
from aecore.data.custom.limits import Limits, too_large
from aecore.data.custom.options import Options
from aecore.errors import DataError

NPY_MAGIC = b"\x93NUMPY"
IMAGE_NAMES = ("images", "image", "x", "imgs", "img", "data", "pixels", "idx")
# Types of IDX files, which are big-endian (http://yann.lecun.com/exdb/mnist).
IDX_TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MOST_NAMED = 10


@dataclass(frozen=True, eq=False)
class NamedArray:
    """An array in a file.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype : numpy.dtype
    read : callable
        Reads it.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], NDArray[Any]]

    def is_named(self, names: Sequence[str]) -> bool:
        """Return whether a word of its name is among some names."""
        return not set(words(self.name)).isdisjoint(names)


def open_npy(
    name: str, open_file: Callable[[], AbstractContextManager[IO[Any]]], file: str, limits: Limits
) -> NamedArray:
    """Return an array of an NPY file, after checking its declared type and size.

    Parameters
    ----------
    name : str
        Name of the array.
    open_file : callable
        Opens the file.
    file : str
        Name of the source in error messages.
    limits : Limits

    Raises
    ------
    DataError
        If it is damaged or too large, or contains Python objects.
    """
    source = f"{name}.npy in {file}" if name else file
    try:
        with open_file() as stream:
            shape, kind = _npy_header(stream)
    except Exception as error:  # zipfile and numpy raise a dozen kinds for damage and encryption
        raise damaged(source) from error

    def read() -> NDArray[Any]:
        if kind.hasobject:
            raise DataError(
                "{name} in {file} is an array of Python objects, which could run any program when "
                "opened; save it as numbers or text.",
                name=name,
                file=file,
            )
        if math.prod(shape) * kind.itemsize > limits.unpacked:
            raise too_large(file, limits)
        try:
            with open_file() as stream:
                array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
                return array
        except Exception as error:  # as above
            raise damaged(source) from error

    return NamedArray(name, shape, kind, read)


def _npy_header(stream: IO[Any]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, kind = read(stream)
    if min(shape, default=1) < 0:
        raise ValueError(shape)
    return shape, kind


def is_idx(head: bytes) -> bool:
    """Return whether a file that starts with these bytes is in IDX format."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in IDX_TYPES and 1 <= head[3] <= 4


def open_idx(
    name: str, open_file: Callable[[], AbstractContextManager[IO[Any]]], file: str, limits: Limits
) -> NamedArray:
    """Return an array of an IDX file, after checking its declared size; see `open_npy`."""
    source = f"{name} in {file}" if name else file
    try:
        with open_file() as stream:
            _, code, dimensions = struct.unpack(">HBB", stream.read(4))
            shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
            kind = np.dtype(IDX_TYPES[code])
    except Exception as error:  # as above
        raise damaged(source) from error
    size = math.prod(shape) * kind.itemsize

    def read() -> NDArray[Any]:
        if size > limits.unpacked:
            raise too_large(file, limits)
        try:
            with open_file() as stream:
                stream.read(4 + 4 * dimensions)
                return np.frombuffer(stream.read(size), kind).reshape(shape)
        except Exception as error:  # as above
            raise damaged(source) from error

    return NamedArray(name, shape, kind, read)


def read(arrays: Sequence[NamedArray], file: str, options: Options, limits: Limits) -> Content:
    """Find the images and labels among arrays, and read them.

    Names tell them apart, and the parts of a split, such as ``x_train`` and ``y_test``. Labels
    without such a name must be the only ones with one value per image, and repeat.

    Parameters
    ----------
    arrays : sequence of NamedArray
    file : str
        Name of the source in error messages.
    options : Options
    limits : Limits

    Raises
    ------
    DataError
        If it is not clear which the images are, or they cannot be read or are out of bounds.
    """
    groups: dict[str, list[NamedArray]] = {}
    for array in arrays:
        groups.setdefault(part_of(array.name), []).append(array)
    if not any(_images(group) for part, group in groups.items() if part):
        # Names such as test_score beside images without a split.
        groups = {"": list(arrays)}
    pixels, texts, parts, left_out = [], list[str](), list[str](), Counter[str]()
    for part, group in groups.items():
        images = _images(group)
        if images is None and part == "" and len(groups) > 1:
            left_out.update(f"array {each.name}" for each in group)
            continue
        if images is None:
            raise _unclear(arrays, file)
        used = [images]
        images = _images_first(images, group)
        chosen = _labels([each for each in group if each not in used], images, file)
        pixels.append(images.read())
        count = images.shape[0]
        texts += [""] * count if chosen is None else labels.texts(chosen.read(), file)
        parts += [part or TRAIN] * count
        used += [chosen] if chosen else []
        left_out.update(f"array {each.name}" for each in group if each not in used)
    result = grey(_joined(pixels, file, limits), file, options, limits)
    return Content(
        result.images,
        [result.scale],
        labels=texts,
        parts=parts,
        left_out=left_out,
        notes=result.notes,
    )


def _images(group: Sequence[NamedArray]) -> NamedArray | None:
    """Return the array that holds the images, if it is clear which."""
    candidates = [each for each in group if len(each.shape) >= 2 and not each.is_named(LABEL_NAMES)]
    named = [each for each in candidates if each.is_named(IMAGE_NAMES)]
    exact = [each for each in named if each.name == IMAGE_NAMES[0]]
    for choice in (exact, named, candidates):
        if len(choice) == 1:
            return choice[0]
    return None


def _images_first(images: NamedArray, group: Sequence[NamedArray]) -> NamedArray:
    """Return an array of images along its first axis, also where the labels tell it is the last.

    That is the order of MATLAB and of SVHN.
    """
    first, *_, last = images.shape
    counts = {each.shape[0] for each in group if each.shape and each.is_named(LABEL_NAMES)}
    if len(images.shape) < 3 or first in counts or last not in counts:
        return images
    shape = (last, *images.shape[:-1])
    return replace(images, shape=shape, read=lambda: np.moveaxis(images.read(), -1, 0))


def _labels(others: Sequence[NamedArray], images: NamedArray, file: str) -> NamedArray | None:
    """Return the array among the others that holds the labels of images, if there is one."""
    count = images.shape[0]
    named = [each for each in others if each.is_named(LABEL_NAMES)]
    # Others may name the classes, such as label_names.
    fitting = [each for each in named if _fits(each, count)]
    if fitting:
        return min(fitting, key=lambda each: LABEL_NAMES.index(_first_label_word(each)))
    if named:
        raise DataError(
            "The labels of {file} have the shape {shape}, but there are {count} images; "
            "provide one label for each.",
            file=file,
            shape=named[0].shape,
            count=count,
        )
    flat = [each for each in others if each.shape in ((count,), (count, 1))]
    return flat[0] if len(flat) == 1 and _are_classes(flat[0]) else None


def _are_classes(array: NamedArray) -> bool:
    """Return whether unnamed values are classes: few whole numbers or texts that repeat."""
    if array.dtype.kind not in "USbiuf":
        return False
    values = array.read().ravel()
    if array.dtype.kind == "f" and not (values == np.rint(values)).all():
        return False
    return labels.repeats(values.tolist())


def _first_label_word(array: NamedArray) -> str:
    return next(word for word in words(array.name) if word in LABEL_NAMES)


def _fits(array: NamedArray, count: int) -> bool:
    """Return whether an array has one label for each image, perhaps one-hot."""
    if array.shape in ((count,), (count, 1)):
        return True
    if len(array.shape) != 2 or array.shape[0] != count or array.dtype.kind not in "buif":
        return False
    return labels.is_one_hot(array.read())


def _joined(pixels: Sequence[NDArray[Any]], file: str, limits: Limits) -> NDArray[Any]:
    """Return the images of all parts of a split in one array."""
    if len(pixels) == 1:
        return pixels[0]
    if len({each.shape[1:] for each in pixels}) > 1:
        raise DataError(
            "The parts of {file} have images of different shapes: {shapes}; provide parts of the "
            "same shape.",
            file=file,
            shapes=", ".join(str(each.shape[1:]) for each in pixels),
        )
    if sum(each.nbytes for each in pixels) > limits.unpacked:
        raise too_large(file, limits)
    try:
        return np.concatenate(pixels)
    except TypeError as error:
        raise DataError(
            "The parts of {file} have different types; save all of them as numbers.", file=file
        ) from error


def _unclear(arrays: Sequence[NamedArray], file: str) -> DataError:
    return DataError(
        "{file} contains the arrays {all}; name one of them images.",
        file=file,
        all=", ".join(each.name for each in arrays[:MOST_NAMED]),
    )
