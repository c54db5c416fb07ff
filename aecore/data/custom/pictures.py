"""Read pictures to apply a trained network to."""

import os
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom.formats import image_files
from aecore.data.custom.formats.image_files import ImageFile
from aecore.data.custom.labels import damaged
from aecore.data.preparation import Preparation
from aecore.errors import DataError
from aecore.i18n import Message, t

Source = Path | BinaryIO


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures prepared like the images of a dataset.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
    names : list of N str
        Paths with slashes, relative to the folder or ZIP that contains all of them; with a number
        where a file has several frames.
    assumed : list of Message
        Sentences about what was assumed.
    """

    images: NDArray[np.uint8]
    names: list[str]
    assumed: list[Message] = field(default_factory=list)


def read(
    sources: Sequence[Source], shape: tuple[int, int], preparation: Preparation | None = None
) -> Pictures:
    """Read pictures from files, folders and ZIPs.

    Parameters
    ----------
    sources : sequence of Path or binary file
        Pictures, folders, or ZIPs of pictures; binary files have a ``name``, which may be a path.
    shape : (height, width)
        Shape that the pictures are fitted into.
    preparation : Preparation, optional
        How the dataset's own pictures were prepared.

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
        base = PurePath(os.path.commonpath([str(place) for place, _ in found] or [""]))
        container = base.name or t("the files")
        files = [
            file._replace(path=_relative(place, base) / file.path)
            for place, inside in found
            for file in inside
        ]
        if not files:
            raise DataError(
                "There are no pictures in {container}; provide PNG, JPEG or similar files, or a "
                "folder or ZIP of them.",
                container=container,
            )
        frames = image_files.read_alike(files, container, shape, preparation or Preparation())
    assumed = [scale.sentence for scale in frames.scales if not scale.is_usual]
    return Pictures(frames.images, frames.names, [*assumed, *frames.notes])


def _relative(place: PurePath, base: PurePath) -> PurePosixPath:
    return PurePosixPath(PurePath(os.path.relpath(place, base)).as_posix())


def _find(source: Source, archives: ExitStack) -> tuple[PurePath, list[ImageFile]]:
    """Return the path of the folder or ZIP that pictures are in, and the pictures."""
    place = _place(source)
    try:
        if isinstance(source, Path) and source.is_dir():
            return place, image_files.pictures(image_files.in_folder(source))
        if zipfile.is_zipfile(source):
            archive = archives.enter_context(_archive(source))
            return place, image_files.pictures(image_files.in_zip(archive))
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
        raise damaged(_place(source).name) from error


def _picture(source: Source, name: PurePosixPath) -> ImageFile:
    if isinstance(source, Path):
        return ImageFile(name, source.stat().st_size, partial(source.open, "rb"))
    source.seek(0)
    content = source.read()
    return ImageFile(name, len(content), partial(BytesIO, content))
