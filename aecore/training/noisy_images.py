"""Noisy copies of images, on which a network that is trained with noise is measured."""

import numpy as np
from numpy.typing import NDArray
from torch import Generator

from aecore.images import Images
from aecore.metrics import pca_denoiser
from aecore.metrics.pca import PCA
from aecore.network import inference
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import tensor
from aecore.training.corruption import corrupt
from aecore.training.seeding import generator

# Not that of the run: networks with different seeds are measured on the same noise.
SEED = 0


class NoisyImages:
    """Images with noise of a kind and level, always the same.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
        Images that the network was not trained on.
    training_images : ndarray of shape (m, height, width), uint8, or float32 in [0, 1]
        Those that PCA may use to choose its number of components.
    pca : PCA
        Principal components of the training images.
    kind : str
        A key of `aecore.choices.noise.NOISE_KINDS`.
    level : float in [0, 1]

    Attributes
    ----------
    noisy : ndarray of shape (n, height, width), float32 in [0, 1]
    pca_error : float
        Mean squared error per pixel of the images denoised by PCA; see
        `aecore.metrics.pca_denoiser`.
    """

    def __init__(
        self, images: Images, training_images: Images, pca: PCA, kind: str, level: float
    ) -> None:
        self._images = images
        self.noisy = noisy_copies(images, kind, level, generator(SEED, "noise of held-out images"))
        few = training_images[: pca_denoiser.MOST_IMAGES]
        # PCA must not see the noise of the images it is measured on.
        noisy = noisy_copies(few, kind, level, generator(SEED, "noise of training images"))
        denoiser = pca_denoiser.fit(_floats(few), noisy, pca)
        self.pca_error = denoiser.error(_floats(images), self.noisy)

    def error(self, model: Autoencoder) -> float:
        """Return the mean squared error per pixel of the images denoised by a network."""
        return inference.error(model, self._images, self.noisy)


def noisy_copies(images: Images, kind: str, level: float, noise: Generator) -> NDArray[np.float32]:
    """Return noisy copies of images.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
    kind : str
        A key of `aecore.choices.noise.NOISE_KINDS`.
    level : float in [0, 1]
    noise : torch.Generator
        The only source of randomness.

    Returns
    -------
    ndarray of shape (n, height, width), float32 in [0, 1]
    """
    return corrupt(tensor(images), kind, level, noise).numpy().reshape(images.shape)


def _floats(images: Images) -> NDArray[np.float32]:
    return tensor(images).numpy().reshape(images.shape)
