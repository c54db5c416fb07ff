"""Apply a network to arrays of images or codes, in chunks."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aecore.images import Images
from aecore.network.autoencoder import Autoencoder

CHUNK = 1000


def tensor(images: Images) -> Tensor:
    """Convert images (n, height, width), uint8 or float32 in [0, 1], to rows in [0, 1].

    The rows are on the CPU, wherever a network is.
    """
    rows = torch.from_numpy(images.reshape(len(images), -1).astype(np.float32))
    return rows.div_(255) if images.dtype == np.uint8 else rows


@torch.no_grad()
def encode(model: Autoencoder, images: Images) -> NDArray[np.float32]:
    """Encode images (n, height, width) to codes (n, bottleneck)."""
    chunks = (tensor(chunk).to(model.device) for chunk in _chunks(images))
    return torch.cat([model.encode(chunk) for chunk in chunks]).numpy(force=True)


@torch.no_grad()
def error(model: Autoencoder, images: Images, noisy: Images | None = None) -> float:
    """Return the mean squared error per pixel of reconstructions clamped to [0, 1].

    Parameters
    ----------
    model : Autoencoder
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
    noisy : ndarray of shape (n, height, width), float32 in [0, 1], optional
        Noisy copies to reconstruct the images from; by default, from the images themselves.
    """
    total = 0.0
    inputs = _chunks(images if noisy is None else noisy)
    for chunk, seen in zip(_chunks(images), inputs, strict=True):
        x = tensor(chunk)
        rows = (x if noisy is None else tensor(seen)).to(model.device)
        output = model(rows).clamp(0, 1).cpu()
        total += float((output - x).square().sum(dtype=torch.float64))
    return total / images.size


def _chunks(images: Images) -> Iterator[Images]:
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]


@torch.no_grad()
def decode(model: Autoencoder, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Decode codes to images.

    Parameters
    ----------
    model : Autoencoder
    codes : ndarray of shape (n, bottleneck), float32

    Returns
    -------
    ndarray of shape (n, height, width), float32, in [0, 1]
    """
    chunks = torch.split(torch.from_numpy(np.asarray(codes, np.float32)), CHUNK)
    images = [model.decode(chunk).clamp(0, 1) for chunk in chunks]
    return torch.cat(images).reshape(-1, *model.shape).numpy()
