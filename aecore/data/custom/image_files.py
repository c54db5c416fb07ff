"""Image files in a folder or a zip, read into memory; nothing is ever unpacked to disk."""

import os
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom import greyscale
from aecore.errors import DataError
from aecore.images import resize

if TYPE_CHECKING:
    from PIL import Image

# Few and common formats: a decoder that is not there cannot be attacked.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")

Picture = tuple[PurePosixPath, Callable[[], IO[Any]]]


def in_folder(folder: Path) -> Iterator[Picture]:
    """Find the image files of a folder and its sub-folders, sorted; links are not followed."""
    for place, below, names in os.walk(folder):
        below.sort()
        for path in (Path(place) / name for name in sorted(names)):
            inner = PurePosixPath(path.relative_to(folder).as_posix())
            if _is_picture(inner) and path.is_file() and not path.is_symlink():
                yield inner, partial(path.open, "rb")


def in_zip(archive: zipfile.ZipFile) -> Iterator[Picture]:
    """Find the image files of an archive, sorted; links and archives in it are passed over."""
    members = [(PurePosixPath(info.filename), info) for info in archive.infolist()]
    for path, info in sorted(members, key=lambda each: (each[0].parent.parts, each[0].name)):
        if _is_picture(path) and not stat.S_ISLNK(info.external_attr >> 16):
            yield path, partial(archive.open, info)


def _is_picture(path: PurePosixPath) -> bool:
    # Names with a dot in front and __MACOSX hold what computers keep beside pictures.
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def read(
    pictures: Iterable[Picture],
    file: str,
    *,
    size: int | None = None,
    limits: greyscale.Limits = greyscale.LIMITS,
) -> tuple[NDArray[np.uint8], list[str]]:
    """Read pictures of one shape, or resized to one.

    Parameters
    ----------
    pictures : iterable of (path, open)
        From `in_folder` or `in_zip`.
    file : str
        What the sentences call the folder or archive.
    size : int, optional
        Make every image this high and wide.
    limits : Limits

    Returns
    -------
    images : ndarray of uint8, shape (N, H, W)
    labels : list of N str
        The name of the sub-folder each lies in; empty where all lie in the same.

    Raises
    ------
    DataError
        Where a picture cannot be read, differs in shape, or there are too few or too many.
    """
    greyscale.check_size(size)
    content, labels, shape, left = bytearray(), list[str](), (0, 0), limits.unpacked
    for path, opening in pictures:
        packed = _bytes(path, opening, left, file)
        image = _image(path, packed, left - len(packed), size, file, limits)
        left -= len(packed) + image.size
        if left < 0:
            raise greyscale.too_large(file, limits)
        shape = _same(shape, image.shape, path, file)
        content += image.tobytes()
        labels.append(path.parent.name)
        if len(labels) > limits.most:
            break
    greyscale.check_count(len(labels), file, limits)
    images = np.frombuffer(content, dtype=np.uint8).reshape(-1, *shape)
    return images, labels if len(set(labels)) > 1 else [""] * len(labels)


def one(
    path: PurePosixPath,
    opening: Callable[[], IO[Any]],
    shape: tuple[int, int],
    *,
    limits: greyscale.Limits = greyscale.LIMITS,
) -> NDArray[np.uint8]:
    """Read one picture, as grey as others are and resized to a shape.

    Parameters
    ----------
    path : PurePosixPath
        What a sentence calls it.
    opening : callable
        Opens it.
    shape : (height, width)
    limits : Limits

    Raises
    ------
    DataError
        Where it cannot be read, or is too large.
    """
    packed = _bytes(path, opening, limits.unpacked, path.name)
    grey = _image(path, packed, limits.unpacked - len(packed), None, path.name, limits)
    (picture,) = resize(grey[None], shape)
    return np.asarray(picture)


def _same(
    shape: tuple[int, ...], other: tuple[int, ...], path: PurePosixPath, file: str
) -> tuple[int, int]:
    height, width = other
    if shape == (0, 0):
        greyscale.check_sides(height, width, file)
    elif shape != other:
        raise DataError(
            "{path} in {file} is {height} by {width} pixels, those before it {first} by "
            "{second}; provide a size to resize them all to.",
            path=path,
            file=file,
            height=height,
            width=width,
            first=shape[0],
            second=shape[1],
        )
    return height, width


def _bytes(path: PurePosixPath, opening: Callable[[], IO[Any]], most: int, file: str) -> bytes:
    try:
        with opening() as stream:
            # What an archive says of its sizes may be a lie; what is read is counted.
            content: bytes = stream.read(most + 1)
            return content
    except Exception as error:  # zipfile raises a dozen kinds for damage and encryption
        raise _unreadable(path, file) from error


def _image(
    path: PurePosixPath,
    packed: bytes,
    most: int,
    size: int | None,
    file: str,
    limits: greyscale.Limits,
) -> NDArray[np.uint8]:
    try:
        pixels = _decoded(packed, most, size)
    except Exception as error:  # Pillow's decoders raise a dozen kinds for damaged files
        raise _unreadable(path, file) from error
    if pixels is None:
        raise greyscale.too_large(file, limits)
    return pixels


def _decoded(packed: bytes, most: int, size: int | None) -> NDArray[np.uint8] | None:
    """Return the pixels of an image file, or None where they are more than `most`."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(BytesIO(packed), formats=FORMATS) as image:
            if image.width * image.height > most:
                return None
            grey = _grey(image)
            if size is not None:
                grey = grey.resize((size, size), Image.Resampling.BILINEAR)
            return np.asarray(grey)


def _grey(image: "Image.Image") -> "Image.Image":
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I;16"):
        # Pillow would cut 16 bits off at 255 instead of scaling them.
        deep: NDArray[Any] = np.asarray(image)
        return Image.fromarray((deep >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise ValueError(image.mode)
    if image.has_transparency_data:
        opaque = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(opaque, image.convert("RGBA")).convert("L")
    return image.convert("L")


def _unreadable(path: PurePosixPath, file: str) -> DataError:
    return DataError(
        "{path} in {file} cannot be read: it is damaged, password-protected, or not "
        "an 8-bit or 16-bit image of the kinds {kinds}. Repair it or leave it out.",
        path=path,
        file=file,
        kinds=", ".join(FORMATS),
    )
