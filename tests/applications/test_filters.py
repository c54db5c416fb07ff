import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from aecore.applications import filters
from aecore.applications.filters import Moments
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
    fitted = filters.fit([(clean[:400], noisy[:400])], pca.pca(digits.images[:400]))
    before = np.square(noisy[400:] - clean[400:]).mean()
    errors = {
        name: np.square(each.apply(noisy[400:]) - clean[400:]).mean()
        for name, each in fitted.items()
    }
    assert set(errors) == {"pca", "wiener", "median", "tv"}
    assert all(error <= before for error in errors.values())
    assert errors["wiener"] == min(errors.values())


def chunks(
    pair: tuple[np.ndarray, np.ndarray], size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    clean, noisy = pair
    for start in range(0, len(clean), size):
        yield clean[start : start + size], noisy[start : start + size]


@pytest.mark.parametrize("size", [600, 128])
def test_wiener_filter_is_the_least_squares_fit_on_its_own_images(
    pair: tuple[np.ndarray, np.ndarray], size: int
) -> None:
    clean, noisy = pair
    result = filters.wiener(Moments.of(chunks(pair, size))).apply(noisy)
    rows = np.c_[noisy.reshape(len(noisy), -1), np.ones(len(noisy))]
    coefficients, *_ = np.linalg.lstsq(rows, clean.reshape(len(clean), -1), rcond=None)
    expected = (rows @ coefficients).clip(0, 1).reshape(clean.shape)
    assert result == pytest.approx(expected, abs=5e-3)


def test_moments_in_chunks_are_those_of_all_images(pair: tuple[np.ndarray, np.ndarray]) -> None:
    clean, noisy = (each.reshape(len(each), -1).astype(np.float64) for each in pair)
    moments = Moments.of(chunks(pair, 100))
    both = np.cov(noisy.T, clean.T, bias=True)
    pixels = clean.shape[1]
    assert moments.clean_mean == pytest.approx(clean.mean(0))
    assert moments.noisy_mean == pytest.approx(noisy.mean(0))
    assert moments.noisy_covariance == pytest.approx(both[:pixels, :pixels], abs=1e-6)
    assert moments.cross_covariance == pytest.approx(both[:pixels, pixels:], abs=1e-6)


def test_moments_do_not_depend_on_the_number_of_threads(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    def moments(threads: int) -> Moments:
        with threadpool_limits(threads):
            return Moments.of(chunks(pair, 300))

    one, two = moments(1), moments(2)
    assert np.array_equal(one.noisy_covariance, two.noisy_covariance)
    assert np.array_equal(one.cross_covariance, two.cross_covariance)


def test_moments_take_no_more_memory_for_more_images() -> None:
    def peak(count: int) -> int:
        images = np.random.default_rng(0).random((200, 12, 12)).astype(np.float32)
        tracemalloc.start()
        Moments.of((images, images + np.float32(0.1)) for _ in range(count))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(30) < 1.2 * peak(3)


def test_constant_black_pixels_give_finite_results() -> None:
    clean = np.zeros((20, 4, 4), np.float32)
    assert np.isfinite(filters.wiener(Moments.of([(clean, clean)])).apply(clean)).all()
