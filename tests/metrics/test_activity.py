import numpy as np
import pytest

from aecore.metrics.activity import activity


def test_mean_is_of_sizes() -> None:
    found = activity(np.array([[1, -2], [-3, 2]], np.float32))
    assert found.mean.tolist() == [2, 2]


def test_a_unit_is_active_where_it_passes_a_tenth_of_the_largest() -> None:
    codes = np.zeros((10, 3), np.float32)
    codes[:, 0] = 1
    codes[:4, 1] = -0.2
    codes[:, 2] = 0.05
    found = activity(codes)
    assert found.active.tolist() == pytest.approx([1, 0.4, 0])
    assert found.dead.tolist() == [False, False, True]


def test_codes_of_nothing_are_all_dead() -> None:
    found = activity(np.zeros((5, 4), np.float32))
    assert found.dead.all()
    assert not found.active.any()
    assert not found.mean.any()


def test_one_wild_code_does_not_silence_all_units() -> None:
    codes = np.ones((4000, 2), np.float32)
    codes[0, 0] = 1e6
    assert not activity(codes).dead.any()


def test_it_does_not_depend_on_the_unit_of_measure() -> None:
    codes = np.random.default_rng(0).standard_normal((100, 6)).astype(np.float32)
    assert activity(codes).active.tolist() == activity(codes * 8).active.tolist()
