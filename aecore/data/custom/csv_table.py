"""Read images from a CSV with one image per row, an optional header and a column of labels."""

import csv
from io import TextIOWrapper
from itertools import islice
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom import greyscale
from aecore.errors import DataError

LABEL = "label"
MOST_CELLS = greyscale.HIGH_SIDE**2 + 1
LONGEST_LINE = 1 << 20
LINE_ENDS = "\r\n"


def read(
    source: BinaryIO, file: str, *, limits: greyscale.Limits = greyscale.LIMITS
) -> tuple[NDArray[np.float32], list[str] | None]:
    """Read a table of pixels.

    Parameters
    ----------
    source : binary file
        Text in UTF-8; cells are separated by commas, semicolons or tabs.
    file : str
        Its name in error messages.
    limits : Limits

    Returns
    -------
    pixels : ndarray of float32, shape (N, P)
    labels : list of N str, or None
        The column headed ``label``, if there is one.

    Raises
    ------
    DataError
        If it is not text, a cell is not a number, or rows differ in length.
    """
    text = TextIOWrapper(source, encoding="utf-8-sig", newline="")
    try:
        return _read(text, file, limits)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            "{file} is neither an .npz, nor a .zip of images, nor a CSV in UTF-8.", file=file
        ) from error
    finally:
        text.detach()


def _read(
    text: TextIOWrapper, file: str, limits: greyscale.Limits
) -> tuple[NDArray[np.float32], list[str] | None]:
    first, start, number = _next_line(text, file, limits)
    separator = max(",;\t", key=first.count)
    first_row = _cells(first, separator)
    has_header = any(_number(cell) is None for cell in first_row)
    _check_width(len(first_row), file)
    if has_header:
        _, start, number = _next_line(text, file, limits, number + 1)
    text.seek(start)
    names = [name.strip().casefold() for name in first_row]
    label_column = names.index(LABEL) if LABEL in names else None
    numbers: dict[str, int] = {}

    def label_number(cell: str) -> float:
        return numbers.setdefault(cell.strip().strip('"'), len(numbers))

    lines = (line for line in islice(text, limits.most + 1) if line.strip(LINE_ENDS))
    try:
        cells = np.loadtxt(
            lines,
            dtype=np.float32,
            comments=None,
            delimiter=separator,
            quotechar='"',
            converters=None if label_column is None else {label_column: label_number},
            ndmin=2,
        )
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        text.seek(start)
        raise _error(text, separator, len(first_row), label_column, number, file) from error
    if cells.shape[1] != len(first_row):
        text.seek(start)
        raise _error(text, separator, len(first_row), label_column, number, file)
    if label_column is None:
        return cells, None
    labels = list(numbers)
    rows = [labels[int(number)] for number in cells[:, label_column]]
    return np.delete(cells, label_column, axis=1), rows


def _next_line(
    text: TextIOWrapper, file: str, limits: greyscale.Limits, number: int = 1
) -> tuple[str, int, int]:
    """Return the next line that is not blank, its place and its number, counted from `number`."""
    place = text.tell()
    while not (line := text.readline(LONGEST_LINE)).strip(LINE_ENDS):
        if not line:
            greyscale.check_count(0, file, limits)
        place, number = text.tell(), number + 1
    return line, place, number


def _check_width(count: int, file: str) -> None:
    if count > MOST_CELLS:
        raise DataError(
            "The rows of {file} have more than {most} cells, the pixels of an image of {side} by "
            "{side}; make the images smaller.",
            file=file,
            most=MOST_CELLS,
            side=greyscale.HIGH_SIDE,
        )


def _cells(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _error(
    text: TextIOWrapper,
    separator: str,
    width: int,
    label_column: int | None,
    start: int,
    file: str,
) -> DataError:
    """Return the error about the first invalid line; numpy's row numbers are not consistent."""
    for line, cells in enumerate(csv.reader(text, delimiter=separator), start=start):
        if cells and len(cells) != width:
            return DataError(
                "Line {line} of {file} has {count} cells, but the first has {width}; all "
                "rows must have the same number.",
                line=line,
                file=file,
                count=len(cells),
                width=width,
            )
        for column, cell in enumerate(cells):
            if column != label_column and _number(cell) is None:
                return DataError(
                    "Line {line} of {file} contains {cell!r}; pixel values must be numbers.",
                    line=line,
                    file=file,
                    cell=cell[:40],
                )
    return DataError("{file} is not a table of numbers.", file=file)
