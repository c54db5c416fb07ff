"""Read the user's own images from any supported source; every file is treated as hostile."""

import math
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from aecore.data.custom import csv_table, greyscale, image_files
from aecore.data.custom.greyscale import LIMITS, Limits
from aecore.errors import DataError
from aecore.i18n import t

MOST_CLASSES, LONGEST_CLASS = 1000, 100
# Larger floats do not tell whole numbers apart.
LARGEST_EXACT = 2.0**53
MOST_NAMED = 10


@dataclass(frozen=True, eq=False)
class CustomImages:
    """Images as uint8 (N, H, W), labels as int64 (N,) with -1 for unknown, and class names."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]


def read(
    source: Path | BinaryIO, *, size: int | None = None, limits: Limits = LIMITS
) -> CustomImages:
    """Read images, and labels if there are any.

    Parameters
    ----------
    source : Path or binary file
        A folder or ``.zip`` of image files, whose subfolders name the classes; an ``.npz`` with
        ``images`` and optionally ``labels``; or a CSV of pixels, optionally with a column named
        ``label``. The type of a file is determined from its content.
    size : int, optional
        Side length to resize all images to.
    limits : Limits

    Returns
    -------
    CustomImages

    Raises
    ------
    DataError
        If it cannot be read or is out of bounds.
    """
    if isinstance(source, Path) and source.is_dir():
        name = source.resolve().name
        images, texts = image_files.read(
            image_files.in_folder(source), name, size=size, limits=limits
        )
        return CustomImages(images, *_classes(texts, name))
    with _open(source, limits) as (file, name):
        magic = file.read(4)
        file.seek(0)
        if magic.startswith(b"PK"):
            return _read_zip(file, name, size, limits)
        cells, labels = csv_table.read(file, name, limits=limits)
        images = greyscale.grey(cells, name, size=size, limits=limits)
        return CustomImages(images, *_classes(labels or [""] * len(images), name))


@contextmanager
def _open(source: Path | BinaryIO, limits: Limits) -> Iterator[tuple[BinaryIO, str]]:
    """Yield a seekable file of bounded size, at its start, and its name for error messages."""
    if isinstance(source, Path):
        try:
            file = source.open("rb")
        except OSError as error:
            raise DataError(
                "{path} cannot be opened ({reason}); provide a file or folder that exists.",
                path=source,
                reason=error.strerror,
            ) from error
        with file, _open(file, limits) as file_and_name:
            yield file_and_name
        return
    name = PurePath(str(getattr(source, "name", ""))).name or t("the file")
    if not source.seekable():
        source = BytesIO(source.read(limits.file + 1))
    if source.seek(0, 2) > limits.file:
        raise DataError(
            "{file} is larger than {most:g} MB; provide fewer or smaller images.",
            file=name,
            most=limits.file / 1024**2,
        )
    source.seek(0)
    yield source, name


def _read_zip(file: BinaryIO, name: str, size: int | None, limits: Limits) -> CustomImages:
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # zipfile raises a dozen kinds for damage
        raise _damaged(name) from error
    with archive:
        if any(member.endswith(".npy") for member in archive.namelist()):
            images, texts = _read_npz(archive, name, size, limits)
        else:
            files = image_files.in_zip(archive)
            images, texts = image_files.read(files, name, size=size, limits=limits)
    return CustomImages(images, *_classes(texts, name))


def _read_npz(
    archive: zipfile.ZipFile, file: str, size: int | None, limits: Limits
) -> tuple[NDArray[np.uint8], Sequence[str]]:
    shapes = {
        member.removesuffix(".npy"): _header(archive, member, file)[0]
        for member in archive.namelist()
        if member.endswith(".npy")
    }
    candidates = [name for name, shape in shapes.items() if len(shape) >= 2]
    if "images" not in shapes and len(candidates) != 1:
        raise DataError(
            "{file} contains the arrays {all}; name one of them images.",
            file=file,
            all=", ".join(list(shapes)[:MOST_NAMED]),
        )
    images_name = "images" if "images" in shapes else candidates[0]
    pixels = _array(archive, images_name, file, limits)
    images = greyscale.grey(pixels, file, size=size, limits=limits)
    flat = [name for name, shape in shapes.items() if shape == (len(images),)]
    labels_name = "labels" if "labels" in shapes else flat[0] if len(flat) == 1 else None
    if labels_name is None:
        return images, [""] * len(images)
    if shapes[labels_name] != (len(images),):
        raise DataError(
            "The labels of {file} have the shape {shape}, but there are {count} images; "
            "provide one label for each.",
            file=file,
            shape=shapes[labels_name],
            count=len(images),
        )
    return images, _texts(_array(archive, labels_name, file, limits), file)


def _header(
    archive: zipfile.ZipFile, member: str, file: str
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and dtype declared by an array in an .npz."""
    try:
        with archive.open(member) as stream:
            return _read_header(stream)
    except Exception as error:  # zipfile and numpy raise a dozen kinds for damage and encryption
        raise _damaged(f"{member} in {file}") from error


def _read_header(stream: Any) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, kind = read(stream)
    if min(shape, default=1) < 0:
        raise ValueError(shape)
    return shape, kind


def _array(archive: zipfile.ZipFile, name: str, file: str, limits: Limits) -> NDArray[Any]:
    """Read an array after checking its declared type and size."""
    member = f"{name}.npy"
    shape, kind = _header(archive, member, file)
    if kind.hasobject:
        raise DataError(
            "{name} in {file} is an array of Python objects, which could run any program when "
            "opened; save it as numbers or text.",
            name=name,
            file=file,
        )
    if math.prod(shape) * kind.itemsize > limits.unpacked:
        raise greyscale.too_large(file, limits)
    try:
        with archive.open(member) as stream:
            array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
            return array
    except Exception as error:  # as above
        raise _damaged(f"{member} in {file}") from error


def _texts(labels: NDArray[Any], file: str) -> list[str]:
    """Convert labels to text, unknown ones to an empty text."""
    kind = labels.dtype.kind
    if kind == "U":
        try:
            return [str(each).strip() for each in labels]
        except (ValueError, SystemError) as error:  # numbers that are not characters
            raise _damaged(t("the labels of {file}", file=file)) from error
    if kind == "S":
        return [each.decode("utf-8", "replace").strip() for each in labels.tolist()]
    if kind == "f":
        with np.errstate(over="ignore"):
            numbers = labels.astype(np.float64)
        if (numbers == np.rint(numbers)).all() and (np.abs(numbers) < LARGEST_EXACT).all():
            kind, labels = "i", numbers.astype(np.int64)
    if kind not in "biu":
        raise DataError(
            "The labels of {file} are not classes; they must be whole numbers or names.", file=file
        )
    return ["" if each < 0 else str(int(each)) for each in labels.tolist()]


def _classes(texts: Sequence[str], file: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    def sort_key(text: str) -> tuple[int, int, str]:
        return (0, int(text), text) if text.isdecimal() and len(text) < 20 else (1, 0, text)

    classes = tuple(sorted(set(texts) - {""}, key=sort_key))
    if len(classes) > MOST_CLASSES:
        raise DataError(
            "{file} names {count} classes; up to {most} are possible. Leave the labels out if "
            "they are none.",
            file=file,
            count=len(classes),
            most=MOST_CLASSES,
        )
    for name in classes:
        _check_class(name, file)
    numbers = {"": -1} | {text: number for number, text in enumerate(classes)}
    return np.array([numbers[text] for text in texts], dtype=np.int64), classes


def _check_class(name: str, file: str) -> None:
    if len(name) > LONGEST_CLASS:
        raise DataError(
            "{file} names a class of {count:,} characters, {name!r}...; up to {most} are possible.",
            file=file,
            count=len(name),
            name=name[:20],
            most=LONGEST_CLASS,
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:  # a surrogate without its other half
        raise DataError(
            "{file} names the class {name!r}, which is not valid text; rename it.",
            file=file,
            name=name,
        ) from error


def _damaged(file: str) -> DataError:
    return DataError(
        "{file} is damaged or password-protected; save it again without a password.", file=file
    )
