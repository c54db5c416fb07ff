"""Turn labels of any kind into classes: one rule for tables, arrays and folders."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError
from aecore.files import is_number
from aecore.i18n import t

MOST_CLASSES, LONGEST_CLASS = 1000, 100
LABEL_NAMES = ("label", "labels", "class", "target", "targets", "y", "category", "emotion")
MISSING = {"", "nan", "none", "null", "na", "n/a", "<na>", "?"}
WHOLE = re.compile(r"([+-]?)0*([0-9]{1,18})(?:\.0*)?")
UNKNOWN = "-1"
# Larger floats do not tell whole numbers apart.
LARGEST_EXACT = 2.0**53
RUN_OF_DIGITS = re.compile(r"((?:^-)?[0-9]{1,18})")


def normalised(text: str) -> str:
    """Return a label as one text: without spaces, whole numbers as such, empty where missing."""
    text = text.strip()
    if text.casefold() in MISSING:
        return ""
    whole = WHOLE.fullmatch(text)
    if whole is None:
        return text
    sign = "-" if whole[1] == "-" and whole[2] != "0" else ""
    return sign + whole[2]


def texts(labels: NDArray[Any], file: str) -> list[str]:
    """Return an array of labels as texts, empty where unknown.

    Parameters
    ----------
    labels : ndarray of shape (N,), (N, 1) or, one-hot, (N, K)
        Whole numbers, also as floats, or text.
    file : str
        Name of the source in error messages.

    Raises
    ------
    DataError
        If they are neither whole numbers nor text.
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)
    labels = labels.reshape(len(labels))
    kind = labels.dtype.kind
    if kind == "U":
        try:
            return [normalised(str(each)) for each in labels]
        except (ValueError, SystemError) as error:  # numbers that are not characters
            raise damaged(t("the labels of {file}", file=file)) from error
    if kind == "S":
        return [normalised(each.decode("utf-8", "replace")) for each in labels.tolist()]
    if kind == "f":
        return _whole_numbers(labels, file)
    if kind not in "biu":
        raise _not_classes(file)
    return [str(int(each)) for each in labels.tolist()]


def of_cells(cells: Sequence[str], file: str) -> list[str]:
    """Return the cells of a table's column of labels as texts, by the same rule as `texts`."""
    labels = [normalised(cell) for cell in cells]
    known = set(labels) - {""}
    if any(_is_fraction(each) for each in known) and all(is_number(each) for each in known):
        raise _not_classes(file)
    return labels


def _is_fraction(text: str) -> bool:
    return is_number(text) and WHOLE.fullmatch(text) is None


def _whole_numbers(labels: NDArray[Any], file: str) -> list[str]:
    with np.errstate(over="ignore"):
        numbers = labels.astype(np.float64)
    known = numbers[~np.isnan(numbers)]
    if not ((known == np.rint(known)) & (np.abs(known) < LARGEST_EXACT)).all():
        raise _not_classes(file)
    return ["" if math.isnan(each) else str(int(each)) for each in numbers.tolist()]


def is_one_hot(labels: NDArray[Any]) -> bool:
    """Return whether an array (N, K) has a single one in each row, and zeros."""
    return bool(((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all())


def repeats(values: Sequence[object]) -> bool:
    """Return whether values are few enough to be classes rather than identifiers."""
    return len(set(values)) <= min(MOST_CLASSES, len(values) // 2)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts texts as people do: numbers by value, 2 before 10."""
    parts = (
        (0, int(part), "") if place % 2 else (1, 0, part.casefold())
        for place, part in enumerate(RUN_OF_DIGITS.split(text))
        if place % 2 or part
    )
    return (*parts, (1, 0, text))


def classes(labels: Sequence[str], file: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return numbers for labels, and the names of the classes.

    Parameters
    ----------
    labels : sequence of N str
        As of `texts`. If -1 stands beside two or more classes, it means unknown.
    file : str
        Name of the source in error messages.

    Returns
    -------
    numbers : ndarray of int64, shape (N,)
        Indices into the names, -1 where unknown.
    names : tuple of str
        In natural order.

    Raises
    ------
    DataError
        If there are too many classes, or a name is invalid.
    """
    present = set(labels) - {""}
    if UNKNOWN in present and len(present) > 2:
        present.discard(UNKNOWN)
    if len(present) > MOST_CLASSES:
        raise DataError(
            "{file} names {count} classes; up to {most} are possible. Leave the labels out if "
            "they are none.",
            file=file,
            count=len(present),
            most=MOST_CLASSES,
        )
    names = tuple(sorted(present, key=natural))
    for name in names:
        _check_class(name, file)
    numbers = {name: number for number, name in enumerate(names)}
    return np.array([numbers.get(label, -1) for label in labels], dtype=np.int64), names


def counts(labels: NDArray[np.int64], names: Sequence[str]) -> dict[str, int]:
    """Return the number of images of each class by name."""
    found = Counter(labels.tolist())
    return {name: found[number] for number, name in enumerate(names)}


def damaged(file: str) -> DataError:
    """Return the error for a file that cannot be read, for one of two reasons."""
    return DataError(
        "{file} is damaged or password-protected; save it again without a password.", file=file
    )


def _not_classes(file: str) -> DataError:
    return DataError(
        "The labels of {file} are not classes; they must be whole numbers or names.", file=file
    )


def _check_class(name: str, file: str) -> None:
    if len(name) > LONGEST_CLASS:
        raise DataError(
            "{file} names a class of {count:,} characters, {name!r}...; up to {most} are possible.",
            file=file,
            count=len(name),
            name=name[:20],
            most=LONGEST_CLASS,
        )
    try:
        name.encode()
    except UnicodeEncodeError as error:  # a surrogate without its other half
        raise DataError(
            "{file} names the class {name!r}, which is not valid text; rename it.",
            file=file,
            name=name,
        ) from error
