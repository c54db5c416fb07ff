"""Denoising by PCA: projection onto as many components as suit the noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.metrics.pca import CHUNK, PCA

Array = NDArray[np.float32]

# Number of training images on which numbers of components are compared, and the largest number.
MOST_IMAGES, MOST_COMPONENTS = 1000, 256


@dataclass(frozen=True, eq=False)
class PCADenoiser:
    """A projection onto principal components that suits a kind and level of noise.

    Attributes
    ----------
    pca : PCA
        Principal components of clean images.
    components : int
        Number of components projected onto.
    shift : ndarray of shape (height, width), float32
        Added to noisy images: clipped noise brightens them, which a projection cannot correct.
    """

    pca: PCA
    components: int
    shift: Array

    def apply(self, noisy: Array) -> Array:
        """Denoise images (n, height, width), float32 in [0, 1]; the result has the same range."""
        rows = self.pca.reconstruct(noisy + self.shift, self.components)
        return rows.clip(0, 1).astype(np.float32).reshape(noisy.shape)

    def error(self, clean: Array, noisy: Array) -> float:
        """Return the mean squared error per pixel of denoised images to the clean ones."""
        total = 0.0
        for start in range(0, len(noisy), CHUNK):
            part = slice(start, start + CHUNK)
            difference = self.apply(noisy[part]) - clean[part]
            total += float(np.square(difference, dtype=np.float64).sum())
        return total / noisy.size


def fit(clean: Array, noisy: Array, pca: PCA) -> PCADenoiser:
    """Choose the number of components by the squared error on training images.

    Parameters
    ----------
    clean, noisy : ndarray of shape (n, height, width), float32 in [0, 1]
        Training images and their noisy copies; the first 1,000 are used.
    pca : PCA
        Principal components of clean training images.

    Returns
    -------
    PCADenoiser
    """
    clean, noisy = clean[:MOST_IMAGES], noisy[:MOST_IMAGES]
    shift = clean.mean(0) - noisy.mean(0)
    axes = pca.components[:MOST_COMPONENTS].T
    truth, scores = (
        (images.reshape(len(images), -1) - pca.mean) @ axes for images in (clean, noisy + shift)
    )
    # The components are orthonormal, so each adds s² - 2st to the squared error of a projection,
    # where s and t are the scores of the noisy and of the clean image.
    changes = (scores * (scores - 2 * truth)).sum(0)
    return PCADenoiser(pca, int(changes.cumsum().argmin()) + 1, shift)
