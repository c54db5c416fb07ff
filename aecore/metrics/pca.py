"""The PCA baseline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from aecore.images import Images

CHUNK = 4096


@dataclass(frozen=True, eq=False)
class PCA:
    """Principal components, the optimal linear autoencoder in squared error.

    Attributes
    ----------
    mean : ndarray of shape (pixels,), float64
    components : ndarray of shape (rank, pixels), float64
        Orthonormal, in order of decreasing variance.
    variances : ndarray of shape (rank,), float64
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]

    def reconstruct(self, images: Images, bottleneck: int) -> NDArray[np.float64]:
        """Reconstruct images from their first `bottleneck` components, without clamping.

        Parameters
        ----------
        images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
        bottleneck : int
            Number of components; with at least as many as pixels, the reconstruction is exact.

        Returns
        -------
        ndarray of shape (n, pixels), float64
        """
        axes = self.components[:bottleneck]
        return (_pixels(images) - self.mean) @ axes.T @ axes + self.mean

    def error(self, images: Images, bottleneck: int, *, clamped: bool = False) -> float:
        """Return the mean squared error per pixel, optionally of clamped reconstructions."""
        total = 0.0
        for start in range(0, len(images), CHUNK):
            chunk = images[start : start + CHUNK]
            reconstruction = self.reconstruct(chunk, bottleneck)
            if clamped:
                reconstruction = reconstruction.clip(0, 1)
            total += float(np.square(reconstruction - _pixels(chunk)).sum())
        return total / images.size


def _pixels(images: Images) -> NDArray[np.float64]:
    return images.reshape(len(images), -1).astype(np.float64) / _white(images)


def _white(images: Images) -> float:
    return 255.0 if images.dtype == np.uint8 else 1.0


def pca(images: Images) -> PCA:
    """Fit the principal components of images in one pass and in constant memory.

    The products of bytes are integers, which float64 sums exactly, so the result does not depend
    on the order of summation or the number of threads.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]

    Returns
    -------
    PCA
    """
    count, pixels, white = len(images), images[0].size, _white(images)
    total, products = np.zeros(pixels), np.zeros((pixels, pixels))
    for start in range(0, count, CHUNK):
        chunk = images[start : start + CHUNK].reshape(-1, pixels).astype(np.float64)
        total += chunk.sum(0)
        products += chunk.T @ chunk
    mean = total / count
    with threadpool_limits(1):
        variances, axes = np.linalg.eigh((products / count - np.outer(mean, mean)) / white**2)
    components = axes.T[::-1]
    # The sign of an eigenvector is arbitrary; fixing it keeps maps from flipping.
    signs = np.sign(components[np.arange(pixels), np.abs(components).argmax(1)])
    return PCA(mean / white, components * signs[:, None], variances[::-1].clip(0))
