from typing import Any

import pytest

from aecore.config import Config
from dashboard.widgets.pca_comparison import noise_of, pca_text, ratio, ratio_of_row


@pytest.mark.parametrize(
    ("error", "pca", "expected"),
    [
        (0.02, 0.04, 0.5),
        (0.02, 1e-32, None),
        (0.02, 0.0, None),
        (None, 0.04, None),
        (0.02, None, None),
    ],
)
def test_ratio_is_left_out_where_it_says_nothing(
    error: float | None, pca: float | None, expected: float | None
) -> None:
    assert ratio(error, pca) == expected


def test_row_is_compared_if_it_was_measured_with_the_noise_of_the_settings() -> None:
    noisy = {"held_out": 0.02, "pca": 0.04, "noise": 0.3}
    assert ratio_of_row(noisy, Config(noise=0.3)) == 0.5
    assert ratio_of_row(noisy, Config()) is None
    assert ratio_of_row(noisy, Config(noise=0.3, noise_kind="none")) is None
    early = {"held_out": 0.02, "pca": 0.04}
    assert ratio_of_row(early, Config()) == 0.5
    assert ratio_of_row(early, Config(noise=0.3)) is None


def test_exact_pca_has_no_number() -> None:
    assert pca_text(1e-32, ".5f") == "exact"
    assert pca_text(0.01234, ".3f") == "0.012"


@pytest.mark.parametrize(
    ("settings", "noise"),
    [
        ({}, ("none", 0.0)),
        ({"noise": 0.3}, ("none", 0.0)),
        ({"noise_kind": "masking", "noise": 0.0}, ("none", 0.0)),
        ({"noise_kind": "none", "noise": 0.3}, ("none", 0.0)),
        ({"noise_kind": "of later versions", "noise": 0.3}, ("none", 0.0)),
        ({"noise_kind": "masking", "noise": 0.3}, ("masking", 0.3)),
    ],
)
def test_noise_of_saved_settings(settings: dict[str, Any], noise: tuple[str, float]) -> None:
    assert noise_of(settings) == noise
