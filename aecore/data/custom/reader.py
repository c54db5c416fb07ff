"""Read the user's own images from any supported source; every file is treated as hostile."""

import csv
import gzip
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom import labels, paths
from aecore.data.custom.brightness import USUAL_WHITE
from aecore.data.custom.content import TRAIN, Content, held_out, part_of
from aecore.data.custom.fit import is_dark_on_light
from aecore.data.custom.formats import arrays, csv_table, image_files, unreadable
from aecore.data.custom.formats.arrays import NamedArray
from aecore.data.custom.formats.csv_table import Table
from aecore.data.custom.formats.image_files import ImageFile, Listing
from aecore.data.custom.greyscale import grey
from aecore.data.custom.limits import LIMITS, Limits, too_large
from aecore.data.custom.options import FITS, Options
from aecore.data.custom.report import Report
from aecore.data.preparation import Preparation
from aecore.errors import DataError
from aecore.i18n import N_, t

GZIP_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"PK"
# How many files may be packed into each other.
DEEPEST = 3
# A table of labels beside pictures.
MOST_TABLE_BYTES = 64 * 1024**2
TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
DATA_SUFFIXES = (*TABLE_SUFFIXES, ".npz", ".npy", ".gz", ".zip")
# Files to look at to say what they are.
FEW = 10
# Images to look at to tell dark on light from light on dark.
EXAMPLES = 1000


@dataclass(frozen=True, eq=False)
class CustomImages:
    """Images, labels and what was understood.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
    labels : ndarray of int64, shape (N,)
        -1 where unknown.
    classes : tuple of str
    is_test : ndarray of bool, shape (N,), or None
        Which images the source holds out; None if it is not split.
    files : tuple of N str
        Path of each image; empty if they are not from files.
    preparation : Preparation
        How new pictures have to be prepared to be like these.
    report : Report
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    is_test: NDArray[np.bool_] | None
    files: tuple[str, ...]
    preparation: Preparation
    report: Report


def read(
    source: Path | BinaryIO | Sequence[BinaryIO],
    options: Options | None = None,
    *,
    limits: Limits = LIMITS,
) -> CustomImages:
    """Read images, and what is known about each.

    Parameters
    ----------
    source : Path, binary file or sequence of binary files
        A folder or ZIP of pictures, arrays (NPZ, NPY, IDX) or a table of pixels, also gzipped or
        in a ZIP; or several files. The type of a file is determined from its content.
    options : Options, optional
    limits : Limits

    Returns
    -------
    CustomImages

    Raises
    ------
    DataError
        If it cannot be read or is out of bounds.
    """
    reading = _Reading(options or Options(), limits)
    if isinstance(source, Path) and source.is_dir():
        name = source.resolve().name
        content = reading.files(image_files.in_folder(source), name)
    elif isinstance(source, Sequence):
        name = t("the upload")
        content = reading.files(map(_as_image_file, source), name)
    else:
        with _open(source, limits) as (file, name):
            content = reading.file(file, name)
    return _understood(content, name, reading.options)


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


@dataclass(frozen=True)
class _Reading:
    """Reads files of all kinds, also packed into each other."""

    options: Options
    limits: Limits
    depth: int = 0

    def file(self, file: BinaryIO, name: str) -> Content:
        """Read a file of any kind."""
        head = file.read(unreadable.HEAD_BYTES)
        file.seek(0)
        if head.startswith(GZIP_MAGIC):
            return self._deeper(name).file(self._unpacked(file, name), name.removesuffix(".gz"))
        if head.startswith(ZIP_MAGIC):
            return self._zip(file, name)
        if array := self._array(head, partial(_again, file), "", name):
            return arrays.read([array], name, self.options, self.limits)
        if error := unreadable.error_for(head, name):
            raise error
        path = PurePosixPath(name)
        if path.suffix.lower() in image_files.SUFFIXES:
            picture = ImageFile(path, file.seek(0, 2), partial(_again, file))
            return self._pictures(Listing([picture]), name)
        return self._tables([(csv_table.read(file, name, limits=self.limits), "")], name)

    def files(self, files: Iterable[ImageFile], name: str) -> Content:
        """Read the files of a folder or ZIP: pictures, or else arrays or tables."""
        listing = image_files.sort_out(files, self.limits)
        if listing.pictures:
            return self._pictures(listing, name)
        data = [each for each in listing.others if _is_data(each.path)]
        if len(data) == 1:
            content = self._deeper(name).file(self._content(data[0], name), data[0].path.name)
        else:
            content = self._several(data, listing, name)
        rest = Counter(_kind(each) for each in listing.others if each not in data)
        content.left_out.update(listing.left_out + rest)
        return content

    def _deeper(self, name: str) -> "_Reading":
        if self.depth >= DEEPEST:
            raise DataError("{file} is packed too often; unpack it first.", file=name)
        return replace(self, depth=self.depth + 1)

    def _unpacked(self, file: BinaryIO, name: str) -> BinaryIO:
        """Return the contents of a gzipped file."""
        try:
            with gzip.open(file) as packed:
                content = packed.read(self.limits.unpacked + 1)
        except Exception as error:  # gzip and zlib raise several kinds for damage
            raise labels.damaged(name) from error
        if len(content) > self.limits.unpacked:
            raise too_large(name, self.limits)
        return BytesIO(content)

    def _zip(self, file: BinaryIO, name: str) -> Content:
        try:
            archive = zipfile.ZipFile(file)
        except Exception as error:  # zipfile raises a dozen kinds for damage
            raise labels.damaged(name) from error
        with archive:
            members = archive.namelist()
            if problem := unreadable.error_for_zip(members, name):
                raise problem
            stored = [each for each in members if each.endswith(".npy")]
            if not stored:
                return self.files(image_files.in_zip(archive), name)
            named = [
                arrays.open_npy(
                    each.removesuffix(".npy"), partial(archive.open, each), name, self.limits
                )
                for each in stored
            ]
            return arrays.read(named, name, self.options, self.limits)

    def _array(
        self, head: bytes, open_file: Callable[[], Any], name: str, file: str
    ) -> NamedArray | None:
        """Return the array in a file that starts with `head`, or None if it is not one."""
        if head.startswith(arrays.NPY_MAGIC):
            return arrays.open_npy(name, open_file, file, self.limits)
        return arrays.open_idx(name, open_file, file, self.limits) if arrays.is_idx(head) else None

    def _content(self, image_file: ImageFile, name: str) -> BytesIO:
        """Return the contents of a file in a folder or ZIP, unpacked if it is gzipped."""
        try:
            with image_file.open() as stream:
                content = stream.read(self.limits.unpacked + 1)
        except Exception as error:  # zipfile raises a dozen kinds for damage and encryption
            raise labels.damaged(f"{image_file.path} in {name}") from error
        if len(content) > self.limits.unpacked:
            raise too_large(name, self.limits)
        file = BytesIO(content)
        if content.startswith(GZIP_MAGIC):
            return BytesIO(self._unpacked(file, str(image_file.path)).read())
        return file

    def _several(self, data: Sequence[ImageFile], listing: Listing, name: str) -> Content:
        """Read several files together: arrays, or else tables, of the parts of a split."""
        found, tables, left = list[NamedArray](), list[tuple[Table, str]](), self.limits.unpacked
        skipped, errors = Counter[str](), list[DataError]()
        for each in data:
            file = self._content(each, name)
            left -= file.getbuffer().nbytes
            if left < 0:
                raise too_large(name, self.limits)
            path = each.path.with_suffix("") if each.path.suffix == ".gz" else each.path
            stem = path.name.removesuffix(".npy")
            if array := self._array(
                file.getvalue()[: unreadable.HEAD_BYTES], partial(_again, file), stem, name
            ):
                found.append(array)
            elif path.suffix.lower() in TABLE_SUFFIXES:
                try:
                    table = csv_table.read(file, str(each.path), limits=self.limits)
                except DataError as error:  # one with other contents, such as a description
                    errors.append(error)
                    skipped[_kind(each)] += 1
                else:
                    tables.append((table, path.stem))
            else:
                skipped[_kind(each)] += 1
        if found:
            content = arrays.read(found, name, self.options, self.limits)
        elif tables:
            content = self._tables(tables, name)
        else:
            raise next(iter(errors), None) or _nothing(listing, name, self.limits)
        content.left_out.update(skipped)
        return content

    def _tables(self, tables: Sequence[tuple[Table, str]], name: str) -> Content:
        """Join tables of pixels, with their names, which may tell the part of a split."""
        width = max(table.pixels.shape[1] for table, _ in tables)
        chosen = [each for each in tables if each[0].pixels.shape[1] == width]
        result = grey(
            np.concatenate([table.pixels for table, _ in chosen]), name, self.options, self.limits
        )
        content = Content(result.images, [result.scale], notes=result.notes)
        texts, parts = list[str](), list[str]()
        for table, stem in chosen:
            count = len(table.pixels)
            texts += table.labels or [""] * count
            parts += table.parts or [part_of(stem) or TRAIN] * count
            content.left_out.update(table.left_out)
        content.left_out.update(f"table {each[1]}" for each in tables if each not in chosen)
        content.labels, content.parts = texts, parts
        return content

    def _pictures(self, listing: Listing, name: str) -> Content:
        """Read pictures, labelled by their folders, their names, or a table beside them."""
        frames = image_files.read(listing.pictures, name, self.options, self.limits)
        texts, parts = paths.labels_and_parts(frames.paths)
        notes, others = list(frames.notes), list(listing.others)
        if self.options.label_pattern:
            texts = paths.labels_in_names(frames.paths, self.options.label_pattern)
            if not any(texts):
                raise DataError(
                    "Label pattern is {pattern!r}, which matches no name in {file}, such as "
                    "{example}.",
                    pattern=self.options.label_pattern,
                    file=name,
                    example=frames.paths[0].stem,
                )
            notes.append(N_("Labels are from the names of the files."))
        elif not any(texts):
            for each in [file for file in others if file.path.suffix.lower() in TABLE_SUFFIXES]:
                found = paths.labels_from_table(frames.paths, self._rows(each, name))
                if found is not None:
                    texts = found
                    others.remove(each)
                    notes.append(N_("Labels are from {file}.", file=str(each.path)))
                    break
        left_out = listing.left_out + Counter(map(_kind, others))
        return Content(
            frames.images,
            frames.scales,
            texts,
            parts,
            frames.names,
            left_out,
            notes,
            frames.whites,
        )

    def _rows(self, image_file: ImageFile, name: str) -> list[list[str]]:
        """Return the rows of a table beside pictures; none if it is not one."""
        if image_file.size > MOST_TABLE_BYTES:
            return []
        text = TextIOWrapper(self._content(image_file, name), "utf-8-sig", newline="")
        try:
            first = text.readline()
            text.seek(0)
            separator = max(",;\t", key=first.count)
            rows = [row for row in csv.reader(text, delimiter=separator) if row]
        except (UnicodeError, csv.Error):
            return []
        return [[cell.strip() for cell in row] for row in rows[: self.limits.most + 1]]


def _as_image_file(file: BinaryIO) -> ImageFile:
    path = PurePosixPath(PurePath(str(getattr(file, "name", ""))).name)
    return ImageFile(path, file.seek(0, 2), partial(_again, file))


@contextmanager
def _again(file: BinaryIO) -> Iterator[BinaryIO]:
    """Yield a file at its start, and leave it open."""
    file.seek(0)
    yield file


def _is_data(path: PurePosixPath) -> bool:
    """Return whether a file may be a table or hold arrays."""
    return path.suffix.lower() in DATA_SUFFIXES or "idx" in path.name or "ubyte" in path.name


def _kind(file: ImageFile) -> str:
    """Return what files that are left out are counted by."""
    return file.path.suffix.lower() or file.path.name


def _nothing(listing: Listing, name: str, limits: Limits) -> DataError:
    """Return the error for files among which there are neither pictures, arrays nor tables."""
    for each in listing.others[:FEW]:
        head = image_files.head(each)
        if error := unreadable.error_for(head, f"{each.path} in {name}"):
            return error
    return DataError(
        "{file} contains no images; at least {least} are needed.", file=name, least=limits.least
    )


def _understood(content: Content, name: str, options: Options) -> CustomImages:
    """Return the images with their classes, and the report."""
    images = content.images
    low, high = int(images.min()), int(images.max())
    if low == high:
        raise DataError(
            "All pixels of {file} have one value, so there is nothing to learn; provide other "
            "images.",
            file=name,
        )
    texts = content.labels or [""] * len(images)
    numbers, classes = labels.classes(texts, name)
    is_test = None if not content.parts else held_out(content.parts)
    notes = list(content.notes)
    if options.size is not None:
        height, width = options.size
        notes.append(
            N_(
                "Resized to {width} by {height} pixels ({fit}).",
                width=width,
                height=height,
                fit=FITS[options.fit].label,
            )
        )
    report = Report(
        images=len(images),
        height=images.shape[1],
        width=images.shape[2],
        range=(low, high),
        scaled=[scale.sentence for scale in content.scales],
        classes=labels.counts(numbers, classes),
        unlabelled=int((numbers < 0).sum()) if classes else 0,
        split=_counted(is_test),
        left_out=dict(content.left_out),
        notes=notes,
        dark_on_light=is_dark_on_light(images[:EXAMPLES]),
    )
    white, deep_white = content.whites
    preparation = Preparation(options.fit, options.invert, white or USUAL_WHITE, deep_white)
    return CustomImages(
        images, numbers, classes, is_test, tuple(content.files), preparation, report
    )


def _counted(is_test: NDArray[np.bool_] | None) -> dict[str, int] | None:
    if is_test is None:
        return None
    return {"train": int((~is_test).sum()), "test": int(is_test.sum())}
