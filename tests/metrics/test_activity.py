import numpy as np
import pytest

from aecore.metrics.activity import activity


def test_mean_is_of_absolute_activations() -> None:
    result = activity(np.array([[1, -2], [-3, 2]], np.float32))
    assert result.mean.tolist() == [2, 2]


def test_unit_is_active_above_a_tenth_of_the_largest_magnitude() -> None:
    codes = np.zeros((10, 3), np.float32)
    codes[:, 0] = 1
    codes[:4, 1] = -0.2
    codes[:, 2] = 0.05
    result = activity(codes)
    assert result.active.tolist() == pytest.approx([1, 0.4, 0])
    assert result.dead.tolist() == [False, False, True]


def test_units_of_zero_codes_are_all_dead() -> None:
    result = activity(np.zeros((5, 4), np.float32))
    assert result.dead.all()
    assert not result.active.any()
    assert not result.mean.any()


def test_one_outlier_does_not_make_all_units_dead() -> None:
    codes = np.ones((4000, 2), np.float32)
    codes[0, 0] = 1e6
    assert not activity(codes).dead.any()


def test_activity_is_invariant_to_scale() -> None:
    codes = np.random.default_rng(0).standard_normal((100, 6)).astype(np.float32)
    assert activity(codes).active.tolist() == activity(codes * 8).active.tolist()
