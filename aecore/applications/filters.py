"""Classic denoising filters, as fair baselines.

The Wiener filter is fitted to all training images. The others have a single setting: the one that
performs best on some training images with the same noise.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from skimage.restoration import denoise_tv_chambolle
from threadpoolctl import threadpool_limits

from aecore.metrics import pca_denoiser
from aecore.metrics.pca import PCA

Array = NDArray[np.float32]

SIDES = (1, 3, 5)
WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
# Number of images on which settings of the slow filters are compared.
TUNING_IMAGES = 200
# Relative to the largest variance. Pixels that are always black make the covariance singular.
RIDGE = 1e-6


@dataclass(frozen=True, eq=False)
class Filter:
    """A fitted denoising filter.

    Attributes
    ----------
    setting : float
        The best setting on the training images; 0 if the filter has none.
    apply : callable
        Maps noisy images (n, height, width) in [0, 1] to denoised ones.
    """

    setting: float
    apply: Callable[[Array], Array]


@dataclass(frozen=True, eq=False)
class Moments:
    """First and second moments of clean images and their noisy copies, over all images.

    Attributes
    ----------
    clean_mean, noisy_mean : ndarray of shape (pixels,), float64
    noisy_covariance : ndarray of shape (pixels, pixels), float64
    cross_covariance : ndarray of shape (pixels, pixels), float64
        Of noisy pixels (rows) with clean pixels (columns).
    """

    clean_mean: NDArray[np.float64]
    noisy_mean: NDArray[np.float64]
    noisy_covariance: NDArray[np.float64]
    cross_covariance: NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Iterable[tuple[Array, Array]]) -> Self:
        """Accumulate moments in one pass and in constant memory.

        The result does not depend on the number of threads.

        Parameters
        ----------
        pairs : iterable of (clean, noisy)
            At least one pair of ndarray of shape (n, height, width), float32 in [0, 1].
        """
        pairs = iter(pairs)
        first = next(pairs)
        # Products of deviations from a value near the mean are small, so they keep more digits.
        near = [_rows(each).mean(0) for each in first]
        count, pixels = 0, len(near[0])
        sums = np.zeros((2, pixels))
        noisy_products, cross_products = np.zeros((2, pixels, pixels))
        with threadpool_limits(1):
            for pair in chain([first], pairs):
                clean, noisy = (_rows(each) - at for each, at in zip(pair, near, strict=True))
                count += len(clean)
                sums += clean.sum(0, np.float64), noisy.sum(0, np.float64)
                noisy_products += noisy.T @ noisy
                cross_products += noisy.T @ clean
        clean_mean, noisy_mean = sums / count
        return cls(
            clean_mean + near[0],
            noisy_mean + near[1],
            noisy_products / count - np.outer(noisy_mean, noisy_mean),
            cross_products / count - np.outer(noisy_mean, clean_mean),
        )


def _rows(images: Array) -> Array:
    return images.reshape(len(images), -1)


def fit(pairs: Iterable[tuple[Array, Array]], pca: PCA) -> Mapping[str, Filter]:
    """Fit all filters to training images and their noisy copies.

    Parameters
    ----------
    pairs : iterable of (clean, noisy)
        Chunks of images, read once: ndarray of shape (n, height, width), float32 in [0, 1].
        Settings are compared on images of the first: 1,000 for PCA, 200 for slow filters.
    pca : PCA
        Principal components of clean training images.

    Returns
    -------
    mapping of str to Filter
        ``pca``: projection onto the first principal components; ``wiener``: the best linear
        estimate; ``median``: median of a square window; ``tv``: total variation (Chambolle 2004).
    """
    pairs = iter(pairs)
    clean, noisy = first = next(pairs)
    moments = Moments.of(chain([first], pairs))
    few = clean[:TUNING_IMAGES], noisy[:TUNING_IMAGES]
    projection = pca_denoiser.fit(clean, noisy, pca)
    return {
        "pca": Filter(projection.components, projection.apply),
        "wiener": wiener(moments),
        "median": _tuned(median, SIDES, *few),
        "tv": _tuned(total_variation, WEIGHTS, *few),
    }


def wiener(moments: Moments) -> Filter:
    """Return the linear estimator of minimum mean squared error (LMMSE).

    References
    ----------
    Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949.
    """
    mean, centre = moments.clean_mean, moments.noisy_mean
    covariance = moments.noisy_covariance.copy()
    diagonal = np.diag_indices_from(covariance)
    covariance[diagonal] += RIDGE * max(float(covariance.max()), RIDGE)
    with threadpool_limits(1):
        weights = np.linalg.solve(covariance, moments.cross_covariance)

    def apply(images: Array) -> Array:
        rows = images.reshape(len(images), -1).astype(np.float64)
        estimate: NDArray[np.float64] = (rows - centre) @ weights + mean
        return estimate.clip(0, 1).astype(np.float32).reshape(images.shape)

    return Filter(0, apply)


def median(images: Array, side: float) -> Array:
    """Replace each pixel by the median of a square window."""
    return np.asarray(median_filter(images, size=(1, int(side), int(side))), np.float32)


def total_variation(images: Array, weight: float) -> Array:
    """Reduce the total variation of images; a larger weight makes them flatter.

    References
    ----------
    Chambolle, "An Algorithm for Total Variation Minimization and Applications", 2004.
    """
    smooth = [denoise_tv_chambolle(image, weight=weight) for image in images]  # type: ignore[no-untyped-call]
    return np.asarray(smooth, np.float32).reshape(images.shape)


def _tuned(
    apply: Callable[[Array, float], Array],
    settings: tuple[float, ...],
    clean: Array,
    noisy: Array,
) -> Filter:
    errors = [float(np.square(apply(noisy, each) - clean).mean()) for each in settings]
    best = settings[int(np.argmin(errors))]
    return Filter(best, lambda images: apply(images, best).clip(0, 1))
