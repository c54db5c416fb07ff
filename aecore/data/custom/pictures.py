"""Read pictures to apply a trained network to."""

import os
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom import image_files
from aecore.data.custom.image_files import ImageFile
from aecore.errors import DataError
from aecore.i18n import t

Source = Path | BinaryIO


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures in the shape of a network's images, and their names.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
    names : list of N str
        Paths with slashes, relative to the folder or ZIP that contains all of them.
    """

    images: NDArray[np.uint8]
    names: list[str]


def read(sources: Sequence[Source], shape: tuple[int, int]) -> Pictures:
    """Read pictures from files, folders and ZIPs.

    Parameters
    ----------
    sources : sequence of Path or binary file
        Pictures, folders, or ZIPs of pictures; binary files have a ``name``, which may be a path.
    shape : (height, width)
        The pictures are resized to it.

    Returns
    -------
    Pictures

    Raises
    ------
    DataError
        If there are no pictures, one cannot be read, or they are too large.
    """
    with ExitStack() as archives:
        found = [_find(source, archives) for source in sources]
        files = [file for _, inside in found for file in inside]
        base = PurePath(os.path.commonpath([str(place) for place, _ in found] or [""]))
        container = base.name or t("the files")
        if not files:
            raise DataError(
                "There are no pictures in {container}; provide PNG, JPEG or similar files, or a "
                "folder or ZIP of them.",
                container=container,
            )
        names = [
            str(PurePosixPath(PurePath(os.path.relpath(place, base)).as_posix(), file.path))
            for place, inside in found
            for file in inside
        ]
        return Pictures(image_files.read_as(files, container, shape), names)


def _find(source: Source, archives: ExitStack) -> tuple[PurePath, list[ImageFile]]:
    """Return the path of the folder or ZIP that pictures are in, and the pictures."""
    place = _place(source)
    try:
        if isinstance(source, Path) and source.is_dir():
            return place, list(image_files.in_folder(source))
        if zipfile.is_zipfile(source):
            archive = archives.enter_context(_archive(source))
            return place, list(image_files.in_zip(archive))
        return place.parent, [_picture(source, PurePosixPath(place.name))]
    except OSError as error:
        raise DataError(
            "{path} cannot be opened ({reason}); provide a file or folder that exists.",
            path=place,
            reason=error.strerror,
        ) from error


def _place(source: Source) -> PurePath:
    if isinstance(source, Path):
        return source.absolute()
    # The name comes from a browser.
    return PurePosixPath("/", source.name)


def _archive(source: Source) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(source)
    except Exception as error:  # zipfile raises a dozen kinds for damage
        raise DataError(
            "{file} is damaged or password-protected; save it again without a password.",
            file=_place(source).name,
        ) from error


def _picture(source: Source, name: PurePosixPath) -> ImageFile:
    if isinstance(source, Path):
        return ImageFile(name, source.stat().st_size, partial(source.open, "rb"))
    source.seek(0)
    content = source.read()
    return ImageFile(name, len(content), partial(BytesIO, content))
