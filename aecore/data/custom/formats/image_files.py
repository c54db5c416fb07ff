"""Find files in a folder or a ZIP, and decode pictures; nothing is unpacked to disk."""

import os
import stat
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom.brightness import Brightness, brightness
from aecore.data.custom.fit import fit
from aecore.data.custom.formats.unreadable import HEAD_BYTES, error_for
from aecore.data.custom.greyscale import COLOUR, LUMA, visibility
from aecore.data.custom.limits import LIMITS, Limits, check_count, check_sides, too_large
from aecore.data.custom.options import Options
from aecore.data.custom.paths import is_hidden, mask_folder
from aecore.data.preparation import Preparation
from aecore.errors import DataError
from aecore.i18n import N_, Message

if TYPE_CHECKING:
    from PIL import Image

# Only common formats, to limit the number of decoders exposed to untrusted files.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".pbm", ".pgm", ".ppm", ".pnm"),
)
ON_BLACK = N_("Transparent pictures were laid on black.")
ON_WHITE = N_("Transparent pictures were laid on white.")
# Bit of a ZIP member whose name is in UTF-8.
UTF8_NAME = 0x800
OPAQUE = 255


class ImageFile(NamedTuple):
    """A file, usually a picture.

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
    open: Callable[[], AbstractContextManager[IO[Any]]]


def in_folder(folder: Path) -> Iterator[ImageFile]:
    """Find the files in a folder and its subfolders, sorted; links are not followed."""
    for parent, subfolders, names in os.walk(folder):
        subfolders.sort()
        for path in (Path(parent) / name for name in sorted(names)):
            if path.is_file() and not path.is_symlink():
                inner = PurePosixPath(path.relative_to(folder).as_posix())
                yield ImageFile(inner, path.stat().st_size, partial(path.open, "rb"))


def in_zip(archive: zipfile.ZipFile) -> Iterator[ImageFile]:
    """Find the files in an archive, sorted; links are skipped."""
    members = [(_path(info), info) for info in archive.infolist() if not info.is_dir()]
    for path, info in sorted(members, key=lambda each: (each[0].parent.parts, each[0].name)):
        if not stat.S_ISLNK(info.external_attr >> 16):
            yield ImageFile(path, info.file_size, partial(archive.open, info))


def _path(info: zipfile.ZipInfo) -> PurePosixPath:
    """Return the path of a member, also where Windows has written it."""
    name = info.filename
    if not info.flag_bits & UTF8_NAME:
        # Without that flag, zipfile takes the bytes for code page 437.
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = info.filename
    return PurePosixPath(name.replace("\\", "/"))


def is_picture(path: PurePosixPath) -> bool:
    """Return whether a file is a picture, as its name says, and not hidden."""
    return path.suffix.lower() in SUFFIXES and not is_hidden(path)


@dataclass
class Listing:
    """The files of a folder or archive, sorted out.

    Attributes
    ----------
    pictures : list of ImageFile
    others : list of ImageFile
        Files that may be tables or arrays.
    left_out : Counter of str
        Number of files that are neither, by reason.
    """

    pictures: list[ImageFile] = field(default_factory=list)
    others: list[ImageFile] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def sort_out(files: Iterable[ImageFile], limits: Limits = LIMITS) -> Listing:
    """Sort the files of a folder or archive by kind, at most one more than the limit."""
    listing = Listing()
    for each in islice(files, limits.most + 1):
        if is_hidden(each.path):
            listing.left_out["hidden files"] += 1
        elif not is_picture(each.path):
            listing.others.append(each)
        elif folder := mask_folder(each.path):
            listing.left_out[folder] += 1
        else:
            listing.pictures.append(each)
    return listing


def pictures(files: Iterable[ImageFile]) -> list[ImageFile]:
    """Return the pictures among files, without masks and hidden files."""
    return sort_out(files).pictures


@dataclass(eq=False)
class Frames:
    """Decoded pictures.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
    paths : list of N PurePosixPath
        That of the file; several frames of one have the same.
    numbers : list of N int
        Number of the frame, from 1; 0 where it is the only one.
    depths : dict of bool to Brightness
        How pictures of 8 bits (False) and of more (True) were scaled, where there are any.
    notes : list of Message
    """

    images: NDArray[np.uint8]
    paths: list[PurePosixPath]
    numbers: list[int]
    depths: dict[bool, Brightness]
    notes: list[Message]

    @property
    def scales(self) -> list[Brightness]:
        """How the pictures were scaled."""
        return [*self.depths.values()]

    @property
    def whites(self) -> tuple[float | None, float | None]:
        """Value that became white in pictures of 8 bits and of more; None where there are none."""
        whites = {depth: scale.white for depth, scale in self.depths.items()}
        return whites.get(False), whites.get(True)

    @property
    def names(self) -> list[str]:
        """A name of each frame: its path, and its number where there are several."""
        return [
            f"{path}#{number}" if number else str(path)
            for path, number in zip(self.paths, self.numbers, strict=True)
        ]


def read(
    files: Sequence[ImageFile],
    file: str,
    options: Options | None = None,
    limits: Limits = LIMITS,
    *,
    whites: tuple[float | None, float | None] = (None, None),
) -> Frames:
    """Read pictures of equal shape, or fit them into one.

    Parameters
    ----------
    files : sequence of ImageFile
    file : str
        Name of the folder or archive in error messages.
    options : Options, optional
    limits : Limits
    whites : (float or None, float or None)
        Value that is white in pictures of 8 bits and of more, if it is known.

    Raises
    ------
    DataError
        If a picture cannot be read or differs in shape, or there are too few or too many.
    """
    options = options or Options()
    if len(files) > limits.most:
        check_count(len(files), file, limits)
    _check_work(files, file, limits, resized=options.size is not None)
    decoder = _Decoder(options, file, limits)
    for each in files:
        decoder.add(each)
    check_count(len(decoder.paths), file, limits)
    return decoder.result(whites if options.white is None else (options.white, options.white))


def read_alike(
    files: Sequence[ImageFile],
    file: str,
    shape: tuple[int, int],
    preparation: Preparation,
    *,
    limits: Limits = LIMITS,
) -> Frames:
    """Read pictures to apply a network to: prepared like the images it was trained on.

    Parameters
    ----------
    files : sequence of ImageFile
    file : str
        Name of all of them in error messages.
    shape : (height, width)
    preparation : Preparation
    limits : Limits

    Raises
    ------
    DataError
        If a picture cannot be read, or they are too large.
    """
    options = Options(shape, preparation.fit, invert=preparation.invert)
    whites = preparation.white, preparation.deep_white
    return read(files, file, options, replace(limits, least=1), whites=whites)


class _Decoder:
    """Decodes pictures one by one, and scales all of them in the end.

    Pictures of 8 bits are kept as they are, others as floats. What is transparent is kept as it
    looks on black, and the transparency beside it, until it is known which ground shows more.
    """

    def __init__(self, options: Options, file: str, limits: Limits) -> None:
        self.paths: list[PurePosixPath] = []
        self.numbers: list[int] = []
        self._options, self._file, self._limits = options, file, limits
        self._left = limits.unpacked
        self._shape: tuple[int, ...] = (0, 0)
        self._images: list[NDArray[Any]] = []
        self._transparency: dict[int, NDArray[np.uint8]] = {}
        self._visible = np.zeros(2)
        # Smallest and largest value of each picture, before it is resized.
        self._ranges: list[tuple[float, float]] = []
        self._whole, self._colour = True, False

    def add(self, image_file: ImageFile) -> None:
        """Decode all frames of a file."""
        content = self._content(image_file)
        try:
            with _opened(BytesIO(content)) as image:
                frames = getattr(image, "n_frames", 1)
                for number in range(frames):
                    self._check_room(image.width * image.height)
                    image.seek(number)
                    self._append(image, image_file.path)
                    self.numbers.append(number + 1 if frames > 1 else 0)
        except _Full:
            raise too_large(self._file, self._limits) from None
        except DataError:
            raise
        except Exception as error:  # Pillow raises a dozen kinds for damage
            raise _unreadable(image_file.path, content, self._file) from error

    def _check_room(self, pixels: int) -> None:
        if pixels > self._left or len(self.paths) > self._limits.most:
            raise _Full

    def _content(self, image_file: ImageFile) -> bytes:
        try:
            with image_file.open() as stream:
                # The sizes that an archive declares cannot be trusted.
                content: bytes = stream.read(self._limits.unpacked + 1)
        except Exception as error:  # zipfile raises a dozen kinds for damage and encryption
            raise _unreadable(image_file.path, b"", self._file) from error
        if len(content) > self._limits.unpacked:
            raise too_large(self._file, self._limits)
        return content

    def _append(self, image: "Image.Image", path: PurePosixPath) -> None:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
        if image.has_transparency_data:
            pixels, transparency = self._on_black(image)
            self._transparency[len(self._images)] = self._fitted(transparency)
        else:
            pixels = self._grey(image)
        self._ranges.append((float(pixels.min()), float(pixels.max())))
        fitted = self._fitted(pixels)
        self._left -= fitted.nbytes
        if self._left < 0:
            raise _Full
        self._check_shape(fitted, path)
        self._images.append(fitted)
        self.paths.append(path)

    def _fitted(self, pixels: NDArray[Any]) -> NDArray[Any]:
        size = self._options.size
        return pixels if size is None else fit(pixels, size, self._options.fit)

    def _grey(self, image: "Image.Image") -> NDArray[Any]:
        if image.mode.startswith("I;16") or image.mode in ("I", "F"):
            values = np.asarray(image).astype(np.float32)
            self._whole = self._whole and bool((values == np.rint(values)).all())
            return values
        self._colour = self._colour or image.mode not in ("1", "L")
        return np.asarray(image.convert("L"))

    def _on_black(self, image: "Image.Image") -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return a picture as it looks on black, and how transparent each pixel is."""
        rgba = np.asarray(image.convert("RGBA")).astype(np.float32)
        self._colour = self._colour or image.mode not in ("LA", "La")
        luma, alpha = rgba[..., :3] @ LUMA, rgba[..., 3]
        self._visible += visibility(luma, alpha)
        on_black = np.rint(luma * alpha / OPAQUE).astype(np.uint8)
        return on_black, (OPAQUE - alpha).astype(np.uint8)

    def _check_shape(self, image: NDArray[Any], path: PurePosixPath) -> None:
        height, width = image.shape
        if self._shape == (0, 0):
            check_sides(height, width, self._file)
            self._shape = height, width
        elif self._shape != (height, width):
            raise DataError(
                "{path} in {file} is {height} by {width} pixels, those before it {first} by "
                "{second}; provide a size to resize them all to.",
                path=path,
                file=self._file,
                height=height,
                width=width,
                first=self._shape[0],
                second=self._shape[1],
            )

    def result(self, whites: tuple[float | None, float | None]) -> Frames:
        """Scale what was decoded."""
        is_light = bool(2 * self._visible[0] > OPAQUE * self._visible[1])
        self._lay(on_white=not is_light)
        images, scales = self._scaled(whites)
        if self._options.invert:
            images = 255 - images
        notes = [COLOUR] if self._colour else []
        if self._transparency:
            notes.append(ON_BLACK if is_light else ON_WHITE)
        return Frames(images, self.paths, self.numbers, scales, notes)

    def _lay(self, *, on_white: bool) -> None:
        """Put the ground behind transparent pictures that shows more of them."""
        if on_white:
            for place, transparency in self._transparency.items():
                # Both were rounded when they were resized.
                total = self._images[place].astype(np.uint16) + transparency
                self._images[place] = total.clip(0, OPAQUE).astype(np.uint8)
                low, high = self._ranges[place]
                self._ranges[place] = low, max(high, float(transparency.max()))

    def _scaled(
        self, whites: tuple[float | None, float | None]
    ) -> tuple[NDArray[np.uint8], dict[bool, Brightness]]:
        """Return all pictures as grey levels, and how those of 8 bits and of more were scaled."""
        images = np.empty((len(self._images), *self._shape), np.uint8)
        ranges = np.array(self._ranges)
        is_deep = np.array([image.dtype != np.uint8 for image in self._images])
        scales = {}
        for deep in (False, True):
            places = np.flatnonzero(is_deep == deep)
            if not len(places):
                continue
            scale = brightness(
                ranges[places, 0],
                ranges[places, 1],
                self._file,
                whole=self._whole,
                white=whites[deep],
            )
            for place in places:
                images[place] = scale.levels(self._images[place])
            scales[deep] = scale
        return images, scales


class _Full(Exception):
    """There is no more room."""


def _check_work(files: Sequence[ImageFile], file: str, limits: Limits, *, resized: bool) -> None:
    """Raise `DataError` if the declared sizes add up to too much, before anything is decoded."""
    if sum(each.size for each in files) > limits.unpacked:
        raise too_large(file, limits)
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


def _pixels(image_file: ImageFile, file: str) -> int:
    """Return the number of pixels that an image file declares."""
    try:
        with image_file.open() as stream, _opened(stream) as image:
            return image.width * image.height
    except Exception as error:  # zipfile and Pillow raise a dozen kinds for damage and encryption
        raise _unreadable(image_file.path, head(image_file), file) from error


def head(image_file: ImageFile) -> bytes:
    """Return the first bytes of a file; none if it cannot be read."""
    try:
        with image_file.open() as stream:
            head: bytes = stream.read(HEAD_BYTES)
            return head
    except Exception:  # as above
        return b""


@contextmanager
def _opened(stream: IO[Any]) -> Iterator["Image.Image"]:
    """Open an image without decoding it; Pillow's limit of pixels applies."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(stream, formats=FORMATS) as image:
            yield image


def _unreadable(path: PurePosixPath, content: bytes, file: str) -> DataError:
    known = error_for(content[:HEAD_BYTES], f"{path} in {file}")
    return known or DataError(
        "{path} in {file} cannot be read: it is damaged, password-protected, or not an image of "
        "the kinds {kinds}. Repair it or leave it out.",
        path=path,
        file=file,
        kinds=", ".join(FORMATS),
    )
