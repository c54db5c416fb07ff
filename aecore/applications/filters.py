"""Classic ways to take noise off images, to be honest beside. Functions of arrays.

Each is given what a sensible person would give it: its setting is the one that does best on
training images with the same noise.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from skimage.restoration import denoise_tv_chambolle
from threadpoolctl import threadpool_limits

from aecore.metrics.pca import PCA

Array = NDArray[np.float32]

RANKS = (2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
SIDES = (1, 3, 5)
WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)
TUNED, TRIED = 60, 1000
# Of the largest variance: pixels that are always black would make the covariance singular.
RIDGE = 1e-6


@dataclass(frozen=True, eq=False)
class Filter:
    """A way to take noise off.

    Attributes
    ----------
    setting : float
        What did best on the training images; 0 where there is nothing to set.
    apply : callable
        Maps noisy images (n, height, width) in [0, 1] to cleaned ones.
    """

    setting: float
    apply: Callable[[Array], Array]


def fit(clean: Array, noisy: Array, pca: PCA) -> Mapping[str, Filter]:
    """Fit all filters to training images and their noisy copies.

    Parameters
    ----------
    clean, noisy : ndarray of shape (n, height, width), float32 in [0, 1]
    pca : PCA
        Of clean training images.

    Returns
    -------
    mapping of str to Filter
        ``pca``: projection on the first principal components; ``wiener``: the best linear
        estimate; ``median``: of a square window; ``tv``: total variation (Chambolle 2004).
    """
    # Noise that is clipped makes images brighter, which is not for components to mend.
    shift = clean.mean(0) - noisy.mean(0)

    def project(images: Array, rank: float) -> Array:
        return pca.reconstruct(images + shift, int(rank)).astype(np.float32).reshape(images.shape)

    few = clean[:TUNED], noisy[:TUNED]
    return {
        "pca": _best(project, RANKS, clean[:TRIED], noisy[:TRIED]),
        "wiener": wiener(clean, noisy),
        "median": _best(median, SIDES, *few),
        "tv": _best(total_variation, WEIGHTS, *few),
    }


def wiener(clean: Array, noisy: Array) -> Filter:
    """Return the linear estimate of least mean squared error (LMMSE).

    Parameters
    ----------
    clean, noisy : ndarray of shape (n, height, width), float32 in [0, 1]

    References
    ----------
    Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949.
    """
    x, y = (each.reshape(len(each), -1).astype(np.float64) for each in (clean, noisy))
    mean, centre = x.mean(0), y.mean(0)
    within = (y - centre).T @ (y - centre) / len(y)
    between = (y - centre).T @ (x - mean) / len(y)
    within[np.diag_indices_from(within)] += RIDGE * max(float(within.max()), RIDGE)
    with threadpool_limits(1):
        weights = np.linalg.solve(within, between)

    def apply(images: Array) -> Array:
        rows = images.reshape(len(images), -1).astype(np.float64)
        return _pictures((rows - centre) @ weights + mean, images)

    return Filter(0, apply)


def median(images: Array, side: float) -> Array:
    """Return the median of a square window around each pixel."""
    return np.asarray(median_filter(images, size=(1, int(side), int(side))), np.float32)


def total_variation(images: Array, weight: float) -> Array:
    """Return images of less total variation; the greater the weight, the flatter.

    References
    ----------
    Chambolle, "An Algorithm for Total Variation Minimization and Applications", 2004.
    """
    flat = [denoise_tv_chambolle(image, weight=weight) for image in images]  # type: ignore[no-untyped-call]
    return np.asarray(flat, np.float32).reshape(images.shape)


def _best(
    apply: Callable[[Array, float], Array],
    settings: tuple[float, ...],
    clean: Array,
    noisy: Array,
) -> Filter:
    errors = [float(np.square(apply(noisy, each) - clean).mean()) for each in settings]
    best = settings[int(np.argmin(errors))]
    return Filter(best, lambda images: apply(images, best).clip(0, 1))


def _pictures(rows: NDArray[np.float64], like: Array) -> Array:
    return rows.clip(0, 1).astype(np.float32).reshape(like.shape)
