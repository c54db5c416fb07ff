"""Read images from a table of text with one image per row: CSV and its relatives."""

import codecs
import csv
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from itertools import islice
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom import labels, limits
from aecore.data.custom.content import SPLITS, TEST, TRAIN
from aecore.data.custom.labels import LABEL_NAMES
from aecore.data.custom.limits import HIGH_SIDE, LIMITS, Limits
from aecore.errors import DataError
from aecore.files import is_number

SPLIT_NAMES = ("usage", "split", "subset", "partition", "set")
# An image in three colours, and its label.
MOST_CELLS = 3 * HIGH_SIDE**2 + 1
LONGEST_LINE = 1 << 20
LINE_ENDS = "\r\n"
SEPARATORS = ",;\t"
FEWEST_NUMBERED, FEWEST_RENAMED = 16, 4
# A cell with as many numbers as this is an image.
FEWEST_IN_CELL = 16
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
# A column that pandas has made of the index.
INDEX = re.compile(r"|unnamed: \d+|index")
# Lines to look at for decimal commas.
EXAMPLES = 200
# What pandas appends to a name that it has seen before.
REPEATED = re.compile(r"(.+)\.(\d+)")


@dataclass(eq=False)
class Table:
    """A table of pixels.

    Attributes
    ----------
    pixels : ndarray of float32, shape (N, P)
    labels : list of N str
        Empty where unknown; an empty list if there are none.
    parts : list of N str
        Parts of a split; an empty list if there are none.
    left_out : Counter of str
        Columns that are not pixels, by reason.
    """

    pixels: NDArray[np.float32]
    labels: list[str]
    parts: list[str]
    left_out: Counter[str]


@dataclass(frozen=True)
class _Layout:
    """What a table looks like, from its first rows.

    Attributes
    ----------
    separator : str
    width : int
        Number of columns.
    pixels : list of int
        Columns of pixels.
    packed : int or None
        The column whose cells hold all pixels of an image, separated by blanks.
    label, split : int or None
        Columns of the label and of the part of a split.
    others : list of str
        Names of the columns left out.
    only_other : int or None
        The only column left out, if it has a name: the label if its values repeat.
    decimal : str
    """

    separator: str
    width: int
    pixels: list[int]
    packed: int | None = None
    label: int | None = None
    split: int | None = None
    others: Sequence[str] = ()
    only_other: int | None = None
    decimal: str = "."

    @property
    def texts(self) -> list[int]:
        """Columns that are read as text."""
        places = (self.label, self.split, self.packed, self.only_other)
        return [each for each in places if each is not None]


def read(source: BinaryIO, file: str, *, limits: Limits = LIMITS) -> Table:
    """Read a table of pixels.

    Parameters
    ----------
    source : binary file
        Text in UTF-8 or UTF-16; cells are separated by commas, semicolons, tabs or blanks. With a
        column for each pixel, or one column of pixels separated by blanks. The header is optional.
    file : str
        Its name in error messages.
    limits : Limits

    Raises
    ------
    DataError
        If it is not text, a cell is not a number, or rows differ in length.
    """
    head = source.read(2)
    source.seek(0)
    is_utf16 = head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    text = TextIOWrapper(source, encoding="utf-16" if is_utf16 else "utf-8-sig", newline="")
    try:
        return _read(text, file, limits)
    except (UnicodeError, csv.Error) as error:
        raise DataError(
            "{file} is neither an .npz, nor a .zip of images, nor a CSV in UTF-8.", file=file
        ) from error
    finally:
        text.detach()


def _read(text: TextIOWrapper, file: str, bounds: Limits) -> Table:
    first, number = _next_line(text, file, bounds)
    separator = max(SEPARATORS, key=first.count)
    if separator not in first and len(first.split()) > FEWEST_NUMBERED:
        separator = " "
    header = _cells(first, separator)
    _check_width(len(header), file)
    second, second_number = _next_line(text, file, bounds, number + 1, required=False)
    row = _cells(second, separator)
    has_header = _is_header(header, row)
    if has_header and not second:
        limits.check_count(0, file, bounds)
    skipped = second_number - 1 if has_header else number - 1
    layout = _layout(header if has_header else [], row if has_header else header, separator)
    layout = replace(layout, decimal=_decimal(text, separator, skipped))
    pixels, columns = _columns(text, layout, skipped, file, bounds)
    found, others = list[str](), [*layout.others]
    if layout.label is not None:
        found = labels.of_cells(columns[layout.label], file)
    elif layout.only_other is not None and labels.repeats(columns[layout.only_other]):
        found, others = labels.of_cells(columns[layout.only_other], file), []
    elif layout.packed is None:
        pixels, found = _split_off_label(pixels)
    parts = [] if layout.split is None else [_part(cell) for cell in columns[layout.split]]
    return Table(pixels, found, parts, Counter(others))


def _decimal(text: TextIOWrapper, separator: str, skipped: int) -> str:
    """Return the decimal separator: a comma if it stands in the first numbers, or else a point."""
    if separator == ",":
        return "."
    text.seek(0)
    lines = islice(text, skipped, skipped + EXAMPLES)
    cells = (cell for line in lines for cell in line.split(None if separator == " " else separator))
    return "," if any(DECIMAL_COMMA.fullmatch(cell.strip()) for cell in cells) else "."


def _next_line(
    text: TextIOWrapper, file: str, bounds: Limits, number: int = 1, *, required: bool = True
) -> tuple[str, int]:
    """Return the next line that is not blank, and its number, counted from `number`."""
    while not (line := text.readline(LONGEST_LINE)).strip(LINE_ENDS):
        if not line and required:
            limits.check_count(0, file, bounds)
        if not line:
            break
        number += 1
    return line, number


def _check_width(count: int, file: str) -> None:
    if count > MOST_CELLS:
        raise DataError(
            "The rows of {file} have more than {most} cells, the pixels of an image of {side} by "
            "{side} in three colours; make the images smaller.",
            file=file,
            most=MOST_CELLS,
            side=HIGH_SIDE,
        )


def _cells(line: str, separator: str) -> list[str]:
    if separator == " ":
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]


def _is_header(first: Sequence[str], second: Sequence[str]) -> bool:
    """Return whether the first row names the columns; numbers may be names too."""
    if any(not is_number(cell) for cell in first if not DECIMAL_COMMA.fullmatch(cell)):
        # A label in words stands in the second row as well.
        words = [
            place
            for place, cell in enumerate(first)
            if not is_number(cell) and not _is_packed(cell)
        ]
        return len(words) != 1 or not _has_label_in_words(first, second, words[0])
    return _are_consecutive(first) or _are_renamed(first)


def _has_label_in_words(first: Sequence[str], second: Sequence[str], place: int) -> bool:
    """Return whether a place holds a label in both rows rather than the name of a column."""
    return (
        len(first) == len(second)
        and not is_number(second[place])
        and second[place] != ""
        and not _is_packed(second[place])
        and first[place].casefold() not in LABEL_NAMES
        and not _are_consecutive([*first[:place], *first[place + 1 :]])
    )


def _are_consecutive(cells: Sequence[str]) -> bool:
    """Return whether cells are the names that pandas gives to columns without any."""
    numbers = [int(cell) for cell in cells if cell.isdecimal() and len(cell) < 8]
    return (
        len(numbers) == len(cells) >= FEWEST_NUMBERED
        and numbers[0] in (0, 1)
        and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    )


def _are_renamed(cells: Sequence[str]) -> bool:
    """Return whether cells are a row of values that pandas took for names, and made unique."""
    seen, renamed = Counter[str](), 0
    for cell in cells:
        match = REPEATED.fullmatch(cell)
        if match and seen[match[1]] == int(match[2]) > 0:
            seen[match[1]] += 1
            renamed += 1
        elif cell in seen:
            return False
        else:
            seen[cell] += 1
    return len(cells) >= FEWEST_NUMBERED and renamed >= FEWEST_RENAMED


def _layout(header: Sequence[str], row: Sequence[str], separator: str) -> _Layout:
    """Decide what the columns are, from their names, if there are any, and the first values."""
    names = [name.casefold() for name in header] or [""] * len(row)
    width = len(names)
    label = next((names.index(name) for name in LABEL_NAMES if name in names), None)
    split = next((names.index(name) for name in SPLIT_NAMES if name in names), None)
    special = {label, split}
    packed = next((place for place, cell in enumerate(row) if _is_packed(cell)), None)
    if packed is not None:
        pixels = [packed]
    else:
        pixels = _pixel_columns(names, special) if header else list(range(width))
    if not header and packed is None and not _is_square(width):
        label = _label_in_words(row)
        pixels = [place for place in pixels if place != label]
    others = [place for place in range(len(header)) if place not in {*pixels, *special}]
    is_label = label is None and len(others) == 1 and not INDEX.fullmatch(names[others[0]])
    return _Layout(
        separator,
        width,
        pixels,
        packed,
        label,
        split,
        [f"column {header[place] or place + 1}" for place in others],
        others[0] if is_label else None,
    )


def _label_in_words(row: Sequence[str]) -> int | None:
    words = [place for place, cell in enumerate(row) if cell and not is_number(cell)]
    return words[0] if len(words) == 1 and words[0] in (0, len(row) - 1) else None


def _pixel_columns(names: Sequence[str], special: set[int | None]) -> list[int]:
    """Return the columns of pixels: those whose names differ only in numbers, if most do."""
    patterns = [NUMBER.sub("#", name) for name in names]
    pattern, count = Counter(patterns).most_common(1)[0]
    places = [place for place in range(len(names)) if place not in special]
    if 2 * count > len(places):
        return [place for place in places if patterns[place] == pattern]
    return places


def _is_packed(cell: str) -> bool:
    cells = cell.split()
    return len(cells) >= FEWEST_IN_CELL and all(is_number(each) for each in cells)


def _is_square(count: int) -> bool:
    return math.isqrt(count) ** 2 == count


def _columns(
    text: TextIOWrapper, layout: _Layout, skipped: int, file: str, bounds: Limits
) -> tuple[NDArray[np.float32], dict[int, list[str]]]:
    """Return the pixels of each row, and the columns of text by number."""
    numbers: dict[int, dict[str, int]] = {place: {} for place in layout.texts}
    numeric = {*layout.pixels} - {layout.packed}

    def number_in(place: int) -> Callable[[str], float]:
        """Return a function that numbers the different texts of a column."""
        known = numbers[place]
        return lambda cell: known.setdefault(cell.strip().strip('"'), len(known))

    converters = {place: number_in(place) for place in layout.texts}
    ignored = {*range(layout.width)} - numeric - {*layout.texts}
    try:
        # Too large a number becomes infinite, which is refused later.
        with np.errstate(over="ignore"):
            cells = np.loadtxt(
                _lines(text, layout, skipped, bounds),
                dtype=np.float32,
                comments=None,
                delimiter=None if layout.separator == " " else layout.separator,
                quotechar='"',
                converters={**converters, **dict.fromkeys(ignored, lambda _: 0.0)} or None,
                ndmin=2,
            )
    except UnicodeError:
        raise
    except ValueError as error:
        raise _error(text, layout, skipped, file) from error
    if cells.shape[1] != layout.width:
        raise _error(text, layout, skipped, file)
    texts = {}
    for place in layout.texts:
        different = list(numbers[place])
        texts[place] = [different[int(number)] for number in cells[:, place]]
    if layout.packed is not None:
        return _unpacked(texts[layout.packed], file), texts
    return cells[:, layout.pixels] if len(numeric) < layout.width else cells, texts


def _lines(text: TextIOWrapper, layout: _Layout, skipped: int, bounds: Limits) -> Iterator[str]:
    """Yield the lines that are not blank, with decimal points."""
    text.seek(0)
    lines = (line for line in islice(text, skipped, None) if line.strip(LINE_ENDS))
    for line in islice(lines, bounds.most + 1):
        yield line if layout.decimal == "." else line.replace(layout.decimal, ".")


def _unpacked(cells: Sequence[str], file: str) -> NDArray[np.float32]:
    """Return the pixels of cells that hold all of an image."""
    try:
        return np.loadtxt(cells, np.float32, comments=None, ndmin=2)
    except ValueError as error:
        raise DataError(
            "The rows of {file} have different numbers of pixels, or pixels that are not "
            "numbers; repair it.",
            file=file,
        ) from error


def _split_off_label(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[str]]:
    """Return pixels without a first or last column that can only be the label, and the labels.

    That is one of whole numbers that repeat, where the other columns make a square image.
    """
    width = pixels.shape[1]
    if _is_square(width) or not _is_square(width - 1):
        return pixels, []
    found = []
    for place in (0, width - 1):
        values, counts = np.unique(pixels[:, place], return_counts=True)
        # Larger ones are not exact in this precision.
        is_whole = (np.abs(values) < 2**24).all() and (values == np.rint(values)).all()
        is_class = is_whole and len(values) > 1 and labels.repeats(pixels[:, place].tolist())
        shares = counts / counts.sum()
        # Corner pixels are nearly constant; classes are not.
        found.append(-(shares * np.log(shares)).sum() if is_class else -1.0)
    if max(found) < 0:
        return pixels, []
    place = 0 if found[0] >= found[1] else width - 1
    texts = [str(int(value)) for value in pixels[:, place].tolist()]
    return np.delete(pixels, place, axis=1), texts


def _part(cell: str) -> str:
    """Return the part of a split that a cell names; FER2013 has Training and two kinds of test."""
    text = cell.strip().casefold()
    return SPLITS.get(text, TEST if text.endswith("test") else TRAIN)


def _error(text: TextIOWrapper, layout: _Layout, skipped: int, file: str) -> DataError:
    """Return the error about the first invalid line; numpy's row numbers are not consistent."""
    text.seek(0)
    for _ in range(skipped):
        text.readline()
    if layout.separator == " ":
        rows: Iterable[list[str]] = (line.split() for line in text)
    else:
        rows = csv.reader(text, delimiter=layout.separator)
    numeric = set(layout.pixels) - {layout.packed}
    for line, cells in enumerate(rows, start=skipped + 1):
        if cells and len(cells) != layout.width:
            return DataError(
                "Line {line} of {file} has {count} cells, but the first has {width}; all "
                "rows must have the same number.",
                line=line,
                file=file,
                count=len(cells),
                width=layout.width,
            )
        for column, cell in enumerate(cells):
            if column in numeric and not is_number(cell.replace(layout.decimal, ".")):
                return DataError(
                    "Line {line} of {file} contains {cell!r}; pixel values must be numbers.",
                    line=line,
                    file=file,
                    cell=cell[:40],
                )
    return DataError("{file} is not a table of numbers.", file=file)
