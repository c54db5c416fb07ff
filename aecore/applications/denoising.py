"""Denoising of held-out images by a network and by classic filters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.applications import filters
from aecore.applications.filters import Filter
from aecore.i18n import N_, Message
from aecore.images import Images
from aecore.metrics import reconstruction
from aecore.network.inference import tensor
from aecore.runs.trained_model import TrainedModel
from aecore.training.noisy_images import noisy_copies
from aecore.training.seeding import generator

Array = NDArray[np.float32]

CHUNK = 1000
METHODS: Mapping[str, Message] = {
    "noisy": N_("Noisy"),
    "autoencoder": N_("Autoencoder"),
    "pca": N_("PCA"),
    "wiener": N_("Wiener"),
    "median": N_("Median"),
    "tv": N_("Total variation"),
}


@dataclass(frozen=True)
class Row:
    """Quality of the images denoised by one method.

    Attributes
    ----------
    method : str
        A key of `METHODS`.
    noise : float
        Noise level.
    psnr : float
        Peak signal-to-noise ratio in dB, from the mean squared error of all images.
    ssim : float
        Mean structural similarity.
    """

    method: str
    noise: float
    psnr: float
    ssim: float


def add_noise(images: Images, kind: str, level: float, seed: int = 0) -> Array:
    """Return noisy copies of images.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
    kind : str
        A key of `aecore.choices.noise.NOISE_KINDS`.
    level : float in [0, 1]
    seed : int
        Equal seeds give equal noise.

    Returns
    -------
    ndarray of shape (n, height, width), float32 in [0, 1]
    """
    return noisy_copies(images, kind, level, generator(seed, "denoise"))


def fit(network: TrainedModel, kind: str, level: float, *, seed: int = 0) -> Mapping[str, Filter]:
    """Fit the classic filters to a network's training images with added noise.

    Parameters
    ----------
    network : TrainedModel
    kind : str
    level : float
    seed : int

    Returns
    -------
    mapping of str to Filter
        See `aecore.applications.filters.fit`.
    """
    return filters.fit(training_pairs(network.images, kind, level, seed), network.pca)


def training_pairs(
    images: Images, kind: str, level: float, seed: int = 0
) -> Iterator[tuple[Array, Array]]:
    """Yield all images in chunks of 1,000, clean and noisy.

    Their noise differs from that of `add_noise`: a filter must not see the noise it is tested on.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
    kind : str
    level : float
    seed : int

    Yields
    ------
    clean, noisy : ndarray of shape (at most 1000, height, width), float32 in [0, 1]
    """
    for number, start in enumerate(range(0, len(images), CHUNK)):
        chunk = images[start : start + CHUNK]
        noise = generator(seed, "denoise training", number)
        clean = tensor(chunk).numpy().reshape(chunk.shape)
        yield clean, noisy_copies(chunk, kind, level, noise)


def denoise(network: TrainedModel, noisy: Array, fitted: Mapping[str, Filter]) -> dict[str, Array]:
    """Denoise images by each method.

    Parameters
    ----------
    network : TrainedModel
    noisy : ndarray of shape (n, height, width), float32 in [0, 1]
    fitted : mapping of str to Filter
        The filters returned by `fit`.

    Returns
    -------
    dict of str to ndarray of shape (n, height, width), float32 in [0, 1]
        The noisy images, those of the autoencoder, and those of each filter.
    """
    return {
        "noisy": noisy,
        "autoencoder": network.reconstruct(noisy),
        **{name: each.apply(noisy) for name, each in fitted.items()},
    }


def compare(
    network: TrainedModel, images: Images, kind: str, levels: Sequence[float], *, seed: int = 0
) -> list[Row]:
    """Measure all methods at several noise levels.

    Parameters
    ----------
    network : TrainedModel
    images : ndarray of shape (n, height, width), uint8
        Images that the network was not trained on.
    kind : str
    levels : sequence of float
    seed : int

    Returns
    -------
    list of Row
    """
    truth = tensor(images).numpy().reshape(images.shape)
    rows = []
    for level in levels:
        noisy = add_noise(images, kind, level, seed)
        fitted = fit(network, kind, level, seed=seed)
        for method, output in denoise(network, noisy, fitted).items():
            psnr, ssim = reconstruction.psnr(truth, output), reconstruction.ssim(truth, output)
            rows.append(Row(method, level, psnr, ssim))
    return rows
