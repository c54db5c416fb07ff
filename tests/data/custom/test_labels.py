import numpy as np
import pytest
from numpy.typing import NDArray

from aecore.data.custom import labels
from aecore.errors import DataError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" cat ", "cat"),
        ("3.0", "3"),
        ("007", "7"),
        ("-0", "0"),
        ("-1.0", "-1"),
        ("2.5", "2.5"),
        ("NaN", ""),
        ("None", ""),
        ("?", ""),
    ],
)
def test_label_has_one_text(text: str, expected: str) -> None:
    assert labels.normalised(text) == expected


@pytest.mark.parametrize(
    "array",
    [
        np.array([3.0, np.nan, 12.0]),
        np.array(["3", "", "12"]),
        np.array([b"3.0", b"nan", b"12"]),
        np.array([["3"], ["NA"], ["12"]]),
    ],
)
def test_arrays_of_any_type_follow_one_rule(array: NDArray[np.generic]) -> None:
    assert labels.texts(array, "x") == ["3", "", "12"]


def test_tables_follow_the_same_rule() -> None:
    assert labels.of_cells(["3.0", " ", "12"], "x") == ["3", "", "12"]
    assert labels.of_cells(["2.5", "cat"], "x") == ["2.5", "cat"]
    with pytest.raises(DataError, match="not classes"):
        labels.of_cells(["2.5", "3"], "x")


def test_classes_are_in_natural_order() -> None:
    numbers, names = labels.classes(["b10", "b9", "10", "9", "", "a"], "x")
    assert names == ("9", "10", "a", "b9", "b10")
    assert numbers.tolist() == [4, 3, 1, 0, -1, 2]


def test_minus_one_is_unknown_beside_two_classes() -> None:
    assert labels.classes(["-1", "0", "1"], "x")[1] == ("0", "1")
    assert labels.classes(["-1", "1", "-1"], "x")[1] == ("-1", "1")
