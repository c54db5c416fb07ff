"""Classic denoising filters, as fair baselines.

Each filter uses the setting that performs best on training images with the same noise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
TUNING_IMAGES = 60
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


def fit(clean: Array, noisy: Array, pca: PCA) -> Mapping[str, Filter]:
    """Fit all filters to training images and their noisy copies.

    Parameters
    ----------
    clean, noisy : ndarray of shape (n, height, width), float32 in [0, 1]
    pca : PCA
        Principal components of clean training images.

    Returns
    -------
    mapping of str to Filter
        ``pca``: projection onto the first principal components; ``wiener``: the best linear
        estimate; ``median``: median of a square window; ``tv``: total variation (Chambolle 2004).
    """
    few = clean[:TUNING_IMAGES], noisy[:TUNING_IMAGES]
    projection = pca_denoiser.fit(clean, noisy, pca)
    return {
        "pca": Filter(projection.components, projection.apply),
        "wiener": wiener(clean, noisy),
        "median": _tuned(median, SIDES, *few),
        "tv": _tuned(total_variation, WEIGHTS, *few),
    }


def wiener(clean: Array, noisy: Array) -> Filter:
    """Fit the linear estimator of minimum mean squared error (LMMSE).

    Parameters
    ----------
    clean, noisy : ndarray of shape (n, height, width), float32 in [0, 1]

    References
    ----------
    Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949.
    """
    x, y = (each.reshape(len(each), -1).astype(np.float64) for each in (clean, noisy))
    mean, centre = x.mean(0), y.mean(0)
    covariance = (y - centre).T @ (y - centre) / len(y)
    cross_covariance = (y - centre).T @ (x - mean) / len(y)
    diagonal = np.diag_indices_from(covariance)
    covariance[diagonal] += RIDGE * max(float(covariance.max()), RIDGE)
    with threadpool_limits(1):
        weights = np.linalg.solve(covariance, cross_covariance)

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
