"""Images as rows of a CSV: a pixel in each column, perhaps a heading and a column of labels."""

import csv
from io import TextIOWrapper
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom import greyscale
from aecore.errors import DataError

LABEL = "label"
MOST_CELLS = greyscale.HIGH_SIDE**2 + 1
LONGEST_LINE = 1 << 20


def read(
    source: BinaryIO, file: str, *, limits: greyscale.Limits = greyscale.LIMITS
) -> tuple[NDArray[np.float32], list[str] | None]:
    """Read a table of pixels.

    Parameters
    ----------
    source : binary file
        Text in UTF-8; cells parted by commas, semicolons or tabs.
    file : str
        What the sentences call it.
    limits : Limits

    Returns
    -------
    pixels : ndarray of float32, shape (N, P)
    labels : list of N str, or None
        The column headed ``label``, if there is one.

    Raises
    ------
    DataError
        Where it is no text, or a cell is no number, or rows differ in length.
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
    first = text.readline(LONGEST_LINE)
    parted_by = max(",;\t", key=first.count)
    heading = _cells(first, parted_by)
    headed = any(_number(cell) is None for cell in heading)
    _check_width(len(heading), file)
    if not headed:
        text.seek(0)
    names = [name.strip().casefold() for name in heading]
    at = names.index(LABEL) if LABEL in names else None
    numbers: dict[str, int] = {}

    def numbered(cell: str) -> float:
        return numbers.setdefault(cell.strip().strip('"'), len(numbers))

    start = text.tell()
    if not text.readline(1):
        greyscale.check_count(0, file, limits)
    text.seek(start)
    try:
        cells = np.loadtxt(
            text,
            dtype=np.float32,
            comments=None,
            delimiter=parted_by,
            quotechar='"',
            converters=None if at is None else {at: numbered},
            ndmin=2,
            max_rows=limits.most + 1,
        )
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        text.seek(start)
        raise _fault(text, parted_by, len(heading), at, 1 + headed, file) from error
    if cells.shape[1] != len(heading):
        text.seek(start)
        raise _fault(text, parted_by, len(heading), at, 1 + headed, file)
    if at is None:
        return cells, None
    kinds = list(numbers)
    labels = [kinds[int(number)] for number in cells[:, at]]
    return np.delete(cells, at, axis=1), labels


def _check_width(count: int, file: str) -> None:
    if count > MOST_CELLS:
        raise DataError(
            "The rows of {file} have more than {most} cells, the pixels of an image of {side} by "
            "{side}; make the images smaller.",
            file=file,
            most=MOST_CELLS,
            side=greyscale.HIGH_SIDE,
        )


def _cells(line: str, parted_by: str) -> list[str]:
    return next(csv.reader([line], delimiter=parted_by), [])


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _fault(
    text: TextIOWrapper, parted_by: str, width: int, at: int | None, start: int, file: str
) -> DataError:
    """Find the first line that does not fit; numpy counts its rows in two ways."""
    for line, cells in enumerate(csv.reader(text, delimiter=parted_by), start=start):
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
            if column != at and _number(cell) is None:
                return DataError(
                    "Line {line} of {file} contains {cell!r}; pixel values must be numbers.",
                    line=line,
                    file=file,
                    cell=cell[:40],
                )
    return DataError("{file} is not a table of numbers.", file=file)
