"""The PCA baseline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from aecore.images import Images

CHUNK = 4096
# With more pixels than these, and fewer images than pixels, the products of images are used.
MOST_PIXELS = 1024
# Mean squared error of pixels in [0, 1] that are rounded to 8 bits.
ROUNDING_ERROR = 1 / (12 * 255**2)


def is_exact(error: float) -> bool:
    """Return whether an error of PCA is smaller than that of rounding pixels to 8 bits.

    So it is where the bottleneck reaches the rank of the images: PCA then reconstructs them
    exactly, and comparing an autoencoder with it says nothing.

    Parameters
    ----------
    error : float
        Mean squared error per pixel, for pixels in [0, 1].
    """
    return error < ROUNDING_ERROR


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
    count, pixels = len(images), images[0].size
    if count < pixels and pixels > MOST_PIXELS:
        return _pca_of_few(images)
    white = _white(images)
    total, products = np.zeros(pixels), np.zeros((pixels, pixels))
    for start in range(0, count, CHUNK):
        chunk = images[start : start + CHUNK].reshape(-1, pixels).astype(np.float64)
        total += chunk.sum(0)
        products += chunk.T @ chunk
    mean = total / count
    with threadpool_limits(1):
        variances, axes = np.linalg.eigh((products / count - np.outer(mean, mean)) / white**2)
    return PCA(mean / white, _signed(axes.T[::-1]), variances[::-1].clip(0))


def _pca_of_few(images: Images) -> PCA:
    """Fit the components of fewer images than pixels, from the products of images.

    The eigenvectors of a matrix of 600 by 600 take a fraction of a second, those of one of the
    16,384 pixels of large images many minutes. Components without variance are left out.
    """
    count, white = len(images), _white(images)
    rows = images.reshape(count, -1).astype(np.float64)
    mean, products = rows.sum(0) / count, rows @ rows.T
    by_mean = products.sum(0) / count
    centred = products - by_mean - by_mean[:, None] + by_mean.sum() / count
    with threadpool_limits(1):
        variances, vectors = np.linalg.eigh(centred / (count * white**2))
        kept = variances > variances[-1] * count * np.finfo(np.float64).eps
        kept[-1] = True
        axes = vectors[:, kept].T @ rows - np.outer(vectors[:, kept].sum(0), mean)
    norms = np.linalg.norm(axes, axis=1, keepdims=True)
    components = axes / np.maximum(norms, np.finfo(np.float64).tiny)
    return PCA(mean / white, _signed(components[::-1]), variances[kept][::-1].clip(0))


def _signed(components: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return components with fixed signs, which are arbitrary; otherwise maps would flip."""
    signs = np.sign(components[np.arange(len(components)), np.abs(components).argmax(1)])
    signed: NDArray[np.float64] = components * signs[:, None]
    return signed
