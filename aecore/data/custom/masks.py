"""Pictures with masks of their defects, in the layout of MVTec AD.

A picture ``test/broken/000.png`` has its mask at ``ground_truth/broken/000_mask.png`` beside
``test``, or at ``ground_truth/broken/000.png``; one in ``test/good`` has no defects. See Bergmann,
Fauser, Sattlegger and Steger, "MVTec AD", 2019.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom.fit import fit
from aecore.data.custom.formats import image_files
from aecore.data.custom.formats.image_files import ImageFile
from aecore.data.preparation import Preparation
from aecore.errors import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

T = TypeVar("T")

TEST, MASKS, GOOD = "test", "ground_truth", "good"


@dataclass(frozen=True, eq=False)
class MaskedImages:
    """Pictures, and where their defects are.

    Attributes
    ----------
    paths : tuple of PurePosixPath
        Their places in the folder or archive.
    images : ndarray of shape (n, height, width), uint8
    masks : ndarray of shape (n, height, width), bool
        True where the defects are.
    known : ndarray of shape (n,), bool
        Whether the defects are known: those with a mask, and those in ``good``.
    """

    paths: tuple[PurePosixPath, ...]
    images: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    known: NDArray[np.bool_]


class Picture(NamedTuple):
    """A picture file, the file of its mask if there is one, and whether it has no defects."""

    path: PurePosixPath
    file: ImageFile
    mask: ImageFile | None
    is_good: bool


def read(
    source: Path, shape: tuple[int, int], preparation: Preparation | None = None
) -> MaskedImages:
    """Read the pictures of a folder or ZIP, and their masks.

    Parameters
    ----------
    source : Path
        In the layout of MVTec AD, only the pictures in ``test`` are read; otherwise all pictures,
        without masks.
    shape : (height, width)
        Shape that pictures and masks are fitted into.
    preparation : Preparation, optional
        How the dataset's own pictures were prepared.

    Returns
    -------
    MaskedImages

    Raises
    ------
    DataError
        If there are no pictures, one of them or a mask cannot be read, or a mask has another size
        than its picture.
    """
    with _image_files(source) as (files, name):
        pictures = match(files)
        if not pictures:
            raise DataError(
                "{file} contains no pictures; provide a folder or ZIP of pictures, or one with "
                "the folders test and ground_truth.",
                file=name,
            )
        preparation = preparation or Preparation()
        frames = image_files.read_alike([each.file for each in pictures], name, shape, preparation)
        images = frames.images
        if any(frames.numbers):
            raise DataError(
                "{file} contains pictures of several frames; provide each as a file of its own.",
                file=name,
            )
        masks = np.zeros(images.shape, bool)
        for row, picture in enumerate(pictures):
            if picture.mask is not None:
                masks[row] = _mask(picture.mask, picture, name, shape, preparation.fit)
    known = [each.is_good or each.mask is not None for each in pictures]
    return MaskedImages(tuple(each.path for each in pictures), images, masks, np.array(known))


def match(files: Iterable[ImageFile]) -> list[Picture]:
    """Match pictures with their masks.

    Parameters
    ----------
    files : iterable of ImageFile
        From `image_files.in_folder` or `image_files.in_zip`.

    Returns
    -------
    list of Picture
        Without training pictures and masks where there are folders ``test`` and ``ground_truth``;
        else all, none of which has a mask.
    """
    places = {each.path: each for each in files if image_files.is_picture(each.path)}
    masks = {path.with_suffix(""): file for path, file in places.items() if MASKS in path.parts}
    tests = {_before(path, MASKS) / TEST for path in masks}
    if not tests:
        return [Picture(path, file, None, is_good=False) for path, file in places.items()]
    return [
        _picture(path, file, test, masks)
        for path, file in places.items()
        for test in tests.intersection(path.parents)
    ]


def _before(path: PurePosixPath, part: str) -> PurePosixPath:
    return PurePosixPath(*path.parts[: path.parts.index(part)])


def _picture(
    path: PurePosixPath, file: ImageFile, test: PurePosixPath, masks: dict[PurePosixPath, ImageFile]
) -> Picture:
    inner = path.relative_to(test)
    place = test.parent / MASKS / inner.with_suffix("")
    mask = masks.get(place.with_name(f"{place.name}_mask")) or masks.get(place)
    return Picture(path, file, mask, is_good=inner.parts[0] == GOOD)


@contextmanager
def _image_files(source: Path) -> Iterator[tuple[Iterator[ImageFile], str]]:
    """Yield the image files of a folder or ZIP, and its name for error messages."""
    if source.is_dir():
        yield image_files.in_folder(source), source.resolve().name
        return
    try:
        archive = zipfile.ZipFile(source)
    except Exception as error:  # zipfile raises a dozen kinds for damage
        raise DataError(
            "{path} is not a folder or ZIP of pictures that can be opened; provide one.",
            path=source,
        ) from error
    with archive:
        yield image_files.in_zip(archive), source.name


def _mask(
    mask: ImageFile, picture: Picture, file: str, shape: tuple[int, int], how: str
) -> NDArray[np.bool_]:
    """Read a mask: white, or the brightest value it has, is a defect."""
    size = _from_image(picture.file, file, lambda image: image.size)
    grey = _from_image(mask, file, lambda image: image.convert("L"))
    if grey.size != size:
        raise DataError(
            "The mask {path} in {file} is {mask_width} by {mask_height} pixels, its picture "
            "{width} by {height}; save it in the size of the picture.",
            path=mask.path,
            file=file,
            mask_width=grey.width,
            mask_height=grey.height,
            width=size[0],
            height=size[1],
        )
    # Nearest, so that thin defects keep their area on average.
    pixels = np.asarray(grey)
    return np.asarray(fit(pixels, shape, how, nearest=True) > pixels.max() / 2)


def _from_image(image_file: ImageFile, file: str, use: Callable[["Image"], T]) -> T:
    from PIL import Image

    try:
        with image_file.open() as stream, Image.open(stream, formats=image_files.FORMATS) as image:
            return use(image)
    except Exception as error:  # zipfile and Pillow raise a dozen kinds for damage and encryption
        raise DataError(
            "{path} in {file} cannot be read as an image; repair it or leave it out.",
            path=image_file.path,
            file=file,
        ) from error
