"""What was found in the user's files, before labels become classes."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom.brightness import Brightness
from aecore.i18n import Message

TRAIN, TEST, VALIDATION = "train", "test", "val"
SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "test": TEST,
    "testing": TEST,
    "val": VALIDATION,
    "valid": VALIDATION,
    "validation": VALIDATION,
}
"""Names of the parts of a split, as found in folders, arrays and tables."""


WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
# Keras' names without the underscore.
JOINED = re.compile(r"(x|y)(train|test|val)|(train|test|val)(x|y)", re.IGNORECASE)


def words(name: str) -> list[str]:
    """Return the words of a name, such as ``x_train`` or ``trainImages``, in lower case."""
    joined = JOINED.fullmatch(name)
    parts = [each for each in joined.groups() if each] if joined else WORD.findall(name)
    return [part.casefold() for part in parts]


def part_of(name: str) -> str:
    """Return the part of a split that a name tells, or an empty text."""
    # MNIST's test files start with t10k.
    found = [TEST] if name.startswith("t10k") else []
    found += [SPLITS[word] for word in words(name) if word in SPLITS]
    return next(iter(found), "")


@dataclass(eq=False)
class Content:
    """Images and what is known about each.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
    scales : sequence of Brightness
        How the pixels were scaled; several where the files differ in depth.
    labels : sequence of N str
        Empty where unknown; may be an empty sequence.
    parts : sequence of N str
        The part of a split: `TRAIN`, `TEST` or `VALIDATION`; may be an empty sequence.
    files : sequence of N str
        Path of each image; may be an empty sequence.
    left_out : Counter of str
        How many files, images, columns or arrays were left out, by reason.
    notes : list of Message
        Sentences about what was assumed.
    whites : (float or None, float or None)
        Value that became white in pictures of 8 bits and of more; None where there are none.
    """

    images: NDArray[np.uint8]
    scales: Sequence[Brightness]
    labels: Sequence[str] = ()
    parts: Sequence[str] = ()
    files: Sequence[str] = ()
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[Message] = field(default_factory=list)
    whites: tuple[float | None, float | None] = (None, None)


def held_out(parts: Sequence[str]) -> NDArray[np.bool_] | None:
    """Return which images a split holds out, or None if it has fewer than two parts.

    Validation images are held out only where there are no test images.
    """
    known = set(parts)
    test = TEST if TEST in known else VALIDATION
    is_test = np.array([part == test for part in parts], dtype=bool)
    return is_test if is_test.any() and not is_test.all() else None
