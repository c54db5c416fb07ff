import numpy as np
import pytest

from aecore.applications import filters
from aecore.data import Dataset
from aecore.metrics import pca


@pytest.fixture
def pair(digits: Dataset) -> tuple[np.ndarray, np.ndarray]:
    clean = (digits.images[:600] / 255).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 0.3, clean.shape)
    return clean, (clean + noise).clip(0, 1).astype(np.float32)


def test_every_filter_reduces_the_error_and_wiener_most(
    pair: tuple[np.ndarray, np.ndarray], digits: Dataset
) -> None:
    clean, noisy = pair
    fitted = filters.fit(clean[:400], noisy[:400], pca.pca(digits.images[:400]))
    before = np.square(noisy[400:] - clean[400:]).mean()
    errors = {
        name: np.square(each.apply(noisy[400:]) - clean[400:]).mean()
        for name, each in fitted.items()
    }
    assert set(errors) == {"pca", "wiener", "median", "tv"}
    assert all(error <= before for error in errors.values())
    assert errors["wiener"] == min(errors.values())


def test_wiener_filter_is_the_least_squares_fit_on_its_own_images(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    clean, noisy = pair
    result = filters.wiener(clean, noisy).apply(noisy)
    rows = np.c_[noisy.reshape(len(noisy), -1), np.ones(len(noisy))]
    coefficients, *_ = np.linalg.lstsq(rows, clean.reshape(len(clean), -1), rcond=None)
    expected = (rows @ coefficients).clip(0, 1).reshape(clean.shape)
    assert result == pytest.approx(expected, abs=5e-3)


def test_constant_black_pixels_give_finite_results() -> None:
    clean = np.zeros((20, 4, 4), np.float32)
    assert np.isfinite(filters.wiener(clean, clean).apply(clean)).all()
