"""Read image files from a folder or a ZIP into memory; nothing is unpacked to disk."""

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

# Only common formats, to limit the number of decoders exposed to untrusted files.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")

ImageFile = tuple[PurePosixPath, Callable[[], IO[Any]]]
"""The path of an image file, and a function that opens it."""


def in_folder(folder: Path) -> Iterator[ImageFile]:
    """Find the image files in a folder and its subfolders, sorted; links are not followed."""
    for parent, subfolders, names in os.walk(folder):
        subfolders.sort()
        for path in (Path(parent) / name for name in sorted(names)):
            inner = PurePosixPath(path.relative_to(folder).as_posix())
            if _is_image(inner) and path.is_file() and not path.is_symlink():
                yield inner, partial(path.open, "rb")


def in_zip(archive: zipfile.ZipFile) -> Iterator[ImageFile]:
    """Find the image files in an archive, sorted; links and nested archives are skipped."""
    members = [(PurePosixPath(info.filename), info) for info in archive.infolist()]
    for path, info in sorted(members, key=lambda each: (each[0].parent.parts, each[0].name)):
        if _is_image(path) and not stat.S_ISLNK(info.external_attr >> 16):
            yield path, partial(archive.open, info)


def _is_image(path: PurePosixPath) -> bool:
    # Hidden files and __MACOSX hold metadata of the operating system, such as thumbnails.
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def read(
    files: Iterable[ImageFile],
    file: str,
    *,
    size: int | None = None,
    limits: greyscale.Limits = greyscale.LIMITS,
) -> tuple[NDArray[np.uint8], list[str]]:
    """Read image files of equal shape, or resize them.

    Parameters
    ----------
    files : iterable of ImageFile
        From `in_folder` or `in_zip`.
    file : str
        Name of the folder or archive in error messages.
    size : int, optional
        Side length to resize all images to.
    limits : Limits

    Returns
    -------
    images : ndarray of uint8, shape (N, H, W)
    labels : list of N str
        Name of the subfolder of each image; empty if all are in the same one.

    Raises
    ------
    DataError
        If an image cannot be read or differs in shape, or there are too few or too many images.
    """
    greyscale.check_size(size)
    content, labels, shape, left = bytearray(), list[str](), (0, 0), limits.unpacked
    for path, opening in files:
        packed = _bytes(path, opening, left, file)
        image = _image(path, packed, left - len(packed), size, file, limits)
        left -= len(packed) + image.size
        if left < 0:
            raise greyscale.too_large(file, limits)
        shape = _checked_shape(shape, image.shape, path, file)
        content += image.tobytes()
        labels.append(path.parent.name)
        if len(labels) > limits.most:
            break
    greyscale.check_count(len(labels), file, limits)
    images = np.frombuffer(content, dtype=np.uint8).reshape(-1, *shape)
    return images, labels if len(set(labels)) > 1 else [""] * len(labels)


def read_image(
    path: PurePosixPath,
    opening: Callable[[], IO[Any]],
    shape: tuple[int, int],
    *,
    limits: greyscale.Limits = greyscale.LIMITS,
) -> NDArray[np.uint8]:
    """Read a single image file, convert it to greyscale and resize it to a shape.

    Parameters
    ----------
    path : PurePosixPath
        Its name in error messages.
    opening : callable
        Opens the file.
    shape : (height, width)
    limits : Limits

    Returns
    -------
    ndarray of uint8, shape (height, width)

    Raises
    ------
    DataError
        If it cannot be read or is too large.
    """
    packed = _bytes(path, opening, limits.unpacked, path.name)
    grey = _image(path, packed, limits.unpacked - len(packed), None, path.name, limits)
    (image,) = resize(grey[None], shape)
    return np.asarray(image)


def _checked_shape(
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
            # The sizes that an archive declares cannot be trusted.
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
    """Return the pixels of an image file, or None if there are more than `most`."""
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
        # Pillow would clip 16-bit values at 255 instead of scaling them.
        pixels: NDArray[Any] = np.asarray(image)
        return Image.fromarray((pixels >> 8).astype(np.uint8))
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
