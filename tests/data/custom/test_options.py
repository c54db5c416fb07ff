from typing import Any

import pytest

from aecore.data.custom.options import Options, parse_size
from aecore.errors import DataError


@pytest.mark.parametrize(
    ("text", "shape"), [("28", (28, 28)), ("32x24", (24, 32)), (" 32 × 24 ", (24, 32))]
)
def test_size_is_a_side_or_width_by_height(text: str, shape: tuple[int, int]) -> None:
    assert parse_size(text) == shape


@pytest.mark.parametrize("text", ["", "x", "28x", "-5", "2.5", "1x2x3"])
def test_other_sizes_are_rejected(text: str) -> None:
    with pytest.raises(DataError, match=r"Size is .* width by height such as 32x24"):
        parse_size(text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"size": (28, 129)}, "Size is 129; choose 4 to 128"),
        ({"size": (3, 28)}, "Size is 3; choose 4 to 128"),
        ({"fit": "squeeze"}, "Fit is 'squeeze'; choose one of pad, crop, stretch"),
        ({"white": 0.0}, "White is 0; it must be above 0"),
        ({"white": float("nan")}, "White is nan"),
        ({"label_pattern": "*_x"}, "Label pattern is .* must contain .label. once"),
    ],
)
def test_values_out_of_bounds_are_rejected(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Options(**values)
