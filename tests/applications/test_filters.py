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


def test_each_filter_brings_images_nearer_to_the_clean_ones(
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


def test_no_linear_estimate_does_better_where_it_was_fitted(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    clean, noisy = pair
    found = filters.wiener(clean, noisy).apply(noisy)
    rows = np.c_[noisy.reshape(len(noisy), -1), np.ones(len(noisy))]
    best, *_ = np.linalg.lstsq(rows, clean.reshape(len(clean), -1), rcond=None)
    wanted = (rows @ best).clip(0, 1).reshape(clean.shape)
    assert found == pytest.approx(wanted, abs=5e-3)


def test_pixels_that_are_always_black_do_no_harm() -> None:
    clean = np.zeros((20, 4, 4), np.float32)
    assert np.isfinite(filters.wiener(clean, clean).apply(clean)).all()
