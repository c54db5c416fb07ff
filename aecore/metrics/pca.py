"""What an honest person compares with. Functions of arrays; nothing here is trained by steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from aecore.images import Images

CHUNK = 4096


@dataclass(frozen=True, eq=False)
class PCA:
    """Principal components: the linear autoencoder of least squared error.

    Attributes
    ----------
    mean : ndarray of shape (pixels,), float64
    components : ndarray of shape (rank, pixels), float64
        Orthonormal, those of largest variance first.
    variances : ndarray of shape (rank,), float64
    """

    mean: NDArray[np.float64]
    components: NDArray[np.float64]
    variances: NDArray[np.float64]

    def reconstruct(self, images: Images, bottleneck: int) -> NDArray[np.float64]:
        """Return images rebuilt from their first `bottleneck` components, not clamped.

        Parameters
        ----------
        images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
        bottleneck : int
            With more than there are pixels, nothing is lost.

        Returns
        -------
        ndarray of shape (n, pixels), float64
        """
        axes = self.components[:bottleneck]
        return (_pixels(images) - self.mean) @ axes.T @ axes + self.mean

    def error(self, images: Images, bottleneck: int, *, clamped: bool = False) -> float:
        """Return the mean squared error per pixel, clamped to [0, 1] on request."""
        total = 0.0
        for start in range(0, len(images), CHUNK):
            part = images[start : start + CHUNK]
            reconstruction = self.reconstruct(part, bottleneck)
            if clamped:
                reconstruction = reconstruction.clip(0, 1)
            total += float(np.square(reconstruction - _pixels(part)).sum())
        return total / images.size


def _pixels(images: Images) -> NDArray[np.float64]:
    return images.reshape(len(images), -1).astype(np.float64) / _white(images)


def _white(images: Images) -> float:
    return 255.0 if images.dtype == np.uint8 else 1.0


def pca(images: Images) -> PCA:
    """Fit the principal components of images in one pass and constant memory.

    The products of bytes are summed as whole numbers, which float64 holds exactly, so the result
    does not depend on the order of summation or the number of threads.

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
        part = images[start : start + CHUNK].reshape(-1, pixels).astype(np.float64)
        total += part.sum(0)
        products += part.T @ part
    mean = total / count
    with threadpool_limits(1):
        variances, axes = np.linalg.eigh((products / count - np.outer(mean, mean)) / white**2)
    components = axes.T[::-1]
    # An eigenvector has no sign of its own; fixing one keeps maps from flipping.
    signs = np.sign(components[np.arange(pixels), np.abs(components).argmax(1)])
    return PCA(mean / white, components * signs[:, None], variances[::-1].clip(0))
