"""Read image files from a folder or a ZIP into memory; nothing is unpacked to disk."""

import os
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple

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


class ImageFile(NamedTuple):
    """An image file.

    Attributes
    ----------
    path : PurePosixPath
        Its place in the folder or archive.
    size : int
        Declared number of bytes.
    open : callable
        Opens it.
    """

    path: PurePosixPath
    size: int
    open: Callable[[], IO[Any]]


def in_folder(folder: Path) -> Iterator[ImageFile]:
    """Find the image files in a folder and its subfolders, sorted; links are not followed."""
    for parent, subfolders, names in os.walk(folder):
        subfolders.sort()
        for path in (Path(parent) / name for name in sorted(names)):
            inner = PurePosixPath(path.relative_to(folder).as_posix())
            if _is_image(inner) and path.is_file() and not path.is_symlink():
                yield ImageFile(inner, path.stat().st_size, partial(path.open, "rb"))


def in_zip(archive: zipfile.ZipFile) -> Iterator[ImageFile]:
    """Find the image files in an archive, sorted; links and nested archives are skipped."""
    members = [(PurePosixPath(info.filename), info) for info in archive.infolist()]
    for path, info in sorted(members, key=lambda each: (each[0].parent.parts, each[0].name)):
        if _is_image(path) and not stat.S_ISLNK(info.external_attr >> 16):
            yield ImageFile(path, info.file_size, partial(archive.open, info))


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
    listed = list(islice(files, limits.most + 1))
    greyscale.check_count(len(listed), file, limits)
    _check_work(listed, file, limits, resized=size is not None)
    content, labels, shape, left = bytearray(), list[str](), (0, 0), limits.unpacked
    for each in listed:
        image = _image(each, left, size, file, limits)
        left -= image.size
        if left < 0:
            raise greyscale.too_large(file, limits)
        shape = _checked_shape(shape, image.shape, each.path, file)
        content += image.tobytes()
        labels.append(each.path.parent.name)
    images = np.frombuffer(content, dtype=np.uint8).reshape(-1, *shape)
    return images, labels if len(set(labels)) > 1 else [""] * len(labels)


def read_as(
    files: Sequence[ImageFile],
    file: str,
    shape: tuple[int, int],
    *,
    limits: greyscale.Limits = greyscale.LIMITS,
) -> NDArray[np.uint8]:
    """Read image files to apply a network to: resized to the shape of its images.

    Parameters
    ----------
    files : sequence of ImageFile
    file : str
        Name of all of them in error messages.
    shape : (height, width)
    limits : Limits

    Returns
    -------
    ndarray of uint8, shape (N, height, width)

    Raises
    ------
    DataError
        If an image cannot be read, or they are too large.
    """
    _check_work(files, file, limits, resized=True)
    images = (_image(each, limits.unpacked, None, file, limits) for each in files)
    return np.concatenate([resize(image[None], shape) for image in images])


def _check_work(
    files: Sequence[ImageFile], file: str, limits: greyscale.Limits, *, resized: bool
) -> None:
    """Raise `DataError` if the declared sizes add up to too much, before anything is decoded."""
    if sum(each.size for each in files) > limits.unpacked:
        raise greyscale.too_large(file, limits)
    if resized:
        # Images that are not resized are small, or the first of them is rejected.
        pixels = sum(_pixels(each, file) for each in files)
        if pixels > limits.unpacked:
            raise DataError(
                "{file} contains {count:,} images with {pixels:,g} megapixels together; at most "
                "{most:,g} can be resized. Provide fewer or smaller images.",
                file=file,
                count=len(files),
                pixels=pixels / 1e6,
                most=limits.unpacked / 1e6,
            )


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


def _pixels(image_file: ImageFile, file: str) -> int:
    """Return the number of pixels that an image file declares."""
    try:
        with image_file.open() as stream, _opened(stream) as image:
            return image.width * image.height
    except Exception as error:  # zipfile and Pillow raise a dozen kinds for damage and encryption
        raise _unreadable(image_file.path, file) from error


def _image(
    image_file: ImageFile, most: int, size: int | None, file: str, limits: greyscale.Limits
) -> NDArray[np.uint8]:
    """Read an image file of at most `most` pixels, and resize it to squares of a size if given."""
    try:
        with image_file.open() as stream:
            # The sizes that an archive declares cannot be trusted.
            content = stream.read(limits.unpacked + 1)
        pixels = None if len(content) > limits.unpacked else _decoded(content, most, size)
    except Exception as error:  # as above
        raise _unreadable(image_file.path, file) from error
    if pixels is None:
        raise greyscale.too_large(file, limits)
    return pixels


def _decoded(content: bytes, most: int, size: int | None) -> NDArray[np.uint8] | None:
    """Return the grey pixels of an image file, or None if there are more than `most`."""
    from PIL import Image

    with _opened(BytesIO(content)) as image:
        if image.width * image.height > most:
            return None
        grey = _grey(image)
        if size is not None:
            grey = grey.resize((size, size), Image.Resampling.BILINEAR)
        return np.asarray(grey)


@contextmanager
def _opened(stream: IO[Any]) -> Iterator["Image.Image"]:
    """Open an image without decoding it; Pillow's limit of pixels applies."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(stream, formats=FORMATS) as image:
            yield image


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
