from typing import Any

import numpy as np
import pytest

from aecore.data.custom.brightness import Brightness, brightness
from aecore.errors import DataError

COUNT = 200


def chosen(high: float, outlier: float | None = None, **options: Any) -> Brightness:
    """Return what is chosen for images that are alike, except perhaps a single one."""
    highs = np.full(COUNT, float(high))
    if outlier is not None:
        highs[7] = outlier
    return brightness(np.zeros(COUNT), highs, "x", **{"whole": high > 1, **options})


@pytest.mark.parametrize(
    ("high", "white"),
    [
        (1.0, 1),
        (1.0000001, 1),
        (0.9, 1),
        (0.0627, 0.0627),
        (2, 2),
        (16, 16),
        (100, 100),
        (200, 255),
        (255, 255),
        (256, 255),
        (1023, 1020),
        (1000, 1020),
        (4095, 4080),
        (16383, 16320),
        (65535, 65280),
        (1e6, 1e6),
    ],
)
def test_white_follows_from_the_brightest_values(high: float, white: float) -> None:
    assert chosen(high) == Brightness(white)


@pytest.mark.parametrize(
    ("high", "outlier"), [(1, 255), (1, 1.7), (16, 255), (255, 4095), (1020, 65535)]
)
def test_single_outlier_does_not_blacken_the_rest(high: float, outlier: float) -> None:
    assert chosen(high, outlier) == Brightness(high, clipped=1)


@pytest.mark.parametrize(("high", "brightest", "white"), [(900, 4000, 4080), (80, 120, 120)])
def test_single_image_may_use_the_whole_range(high: float, brightest: float, white: float) -> None:
    assert chosen(high, brightest) == Brightness(white)


def test_user_decides() -> None:
    assert chosen(16, white=255) == Brightness(255)
    assert chosen(255, white=16).clipped == COUNT


def test_fractions_have_no_bits() -> None:
    assert chosen(1000, whole=False) == Brightness(1000)


def test_values_are_scaled_and_clipped() -> None:
    levels = Brightness(16).levels(np.array([-0.001, 0, 8, 16, 20], np.float32))
    assert levels.tolist() == [0, 0, 128, 255, 255]
    assert levels.dtype == np.uint8


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [(-1, 1, "range from -1 to 1"), (0, np.nan, "NaN"), (-np.inf, 1, "infinite")],
)
def test_negative_and_infinite_values_are_rejected(low: float, high: float, message: str) -> None:
    with pytest.raises(DataError, match=message):
        brightness(np.array([low]), np.array([high]), "x", whole=False)


def test_what_was_done_is_said() -> None:
    assert str(Brightness(255).sentence) == "Values from 0 to 255 were kept."
    assert "White is 16" in str(Brightness(16).sentence)
    assert "in 3 of the images" in str(Brightness(1, clipped=3).sentence)
