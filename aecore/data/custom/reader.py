"""A person's own images, from whatever they have them in; every file is taken for hostile."""

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

MOST_CLASSES = 1000


@dataclass(frozen=True, eq=False)
class Own:
    """What was read: images uint8 (N, H, W), labels int64 (N,) with -1 for unknown, class names."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]


def read(source: Path | BinaryIO, *, size: int | None = None, limits: Limits = LIMITS) -> Own:
    """Read images, and labels if there are any.

    Parameters
    ----------
    source : Path or binary file
        A folder or ``.zip`` of image files, whose sub-folders name the classes; an ``.npz`` with
        ``images`` and perhaps ``labels``; or a CSV of pixels, perhaps with a column headed
        ``label``. What a file is, is seen from its content.
    size : int, optional
        Make every image this high and wide.
    limits : Limits

    Returns
    -------
    Own

    Raises
    ------
    DataError
        Where it cannot be read, or is out of bounds.
    """
    if isinstance(source, Path) and source.is_dir():
        name = source.resolve().name
        images, texts = image_files.read(
            image_files.in_folder(source), name, size=size, limits=limits
        )
        return Own(images, *_classes(texts, name))
    with _opened(source, limits) as (file, name):
        kind = file.read(4)
        file.seek(0)
        if kind.startswith(b"PK"):
            return _read_zip(file, name, size, limits)
        cells, labels = csv_table.read(file, name, limits=limits)
        images = greyscale.grey(cells, name, size=size, limits=limits)
        return Own(images, *_classes(labels or [""] * len(images), name))


@contextmanager
def _opened(source: Path | BinaryIO, limits: Limits) -> Iterator[tuple[BinaryIO, str]]:
    """Give a seekable file of bounded size, at its start, and what to call it."""
    if isinstance(source, Path):
        try:
            file = source.open("rb")
        except OSError as error:
            raise DataError(
                "{path} cannot be opened ({reason}); provide a file or folder that exists.",
                path=source,
                reason=error.strerror,
            ) from error
        with file, _opened(file, limits) as opened:
            yield opened
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


def _read_zip(file: BinaryIO, name: str, size: int | None, limits: Limits) -> Own:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _damaged(name) from error
    with archive:
        if any(member.endswith(".npy") for member in archive.namelist()):
            images, texts = _read_npz(archive, name, size, limits)
        else:
            found = image_files.in_zip(archive)
            images, texts = image_files.read(found, name, size=size, limits=limits)
    return Own(images, *_classes(texts, name))


def _read_npz(
    archive: zipfile.ZipFile, file: str, size: int | None, limits: Limits
) -> tuple[NDArray[np.uint8], Sequence[str]]:
    shapes = {
        member.removesuffix(".npy"): _header(archive, member, file)[0]
        for member in archive.namelist()
        if member.endswith(".npy")
    }
    many = [name for name, shape in shapes.items() if len(shape) >= 2]
    if "images" not in shapes and len(many) != 1:
        raise DataError(
            "{file} contains the arrays {all}; name one of them images.",
            file=file,
            all=", ".join(shapes),
        )
    chosen = "images" if "images" in shapes else many[0]
    images = greyscale.grey(_array(archive, chosen, file, limits), file, size=size, limits=limits)
    flat = [name for name, shape in shapes.items() if shape == (len(images),)]
    named = "labels" if "labels" in shapes else flat[0] if len(flat) == 1 else None
    if named is None:
        return images, [""] * len(images)
    if shapes[named] != (len(images),):
        raise DataError(
            "The labels of {file} have the shape {shape}, but there are {count} images; "
            "provide one label for each.",
            file=file,
            shape=shapes[named],
            count=len(images),
        )
    return images, _texts(_array(archive, named, file, limits), file)


def _header(
    archive: zipfile.ZipFile, member: str, file: str
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and type that an array in an .npz declares."""
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
    """Read one array, once its header has told how much memory it takes."""
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
    """Write labels as text, unknown ones empty."""
    kind = labels.dtype.kind
    if kind == "U":
        return [str(each).strip() for each in labels]
    if kind == "S":
        return [each.decode("utf-8", "replace").strip() for each in labels.tolist()]
    if kind == "f" and np.isfinite(labels).all() and (labels == np.rint(labels)).all():
        kind, labels = "i", labels.astype(np.int64)
    if kind not in "biu":
        raise DataError(
            "The labels of {file} are not classes; they must be whole numbers or names.", file=file
        )
    return ["" if each < 0 else str(int(each)) for each in labels.tolist()]


def _classes(texts: Sequence[str], file: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    def place(text: str) -> tuple[int, int, str]:
        return (0, int(text), text) if text.isdecimal() and len(text) < 20 else (1, 0, text)

    classes = tuple(sorted(set(texts) - {""}, key=place))
    if len(classes) > MOST_CLASSES:
        raise DataError(
            "{file} names {count} classes; up to {most} are possible. Leave the labels out if "
            "they are none.",
            file=file,
            count=len(classes),
            most=MOST_CLASSES,
        )
    numbers = {"": -1} | {text: number for number, text in enumerate(classes)}
    return np.array([numbers[text] for text in texts], dtype=np.int64), classes


def _damaged(file: str) -> DataError:
    return DataError(
        "{file} is damaged or password-protected; save it again without a password.", file=file
    )
