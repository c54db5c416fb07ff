"""Noise on images, as pure functions of the image, the level and a generator."""

from collections.abc import Callable, Mapping

import torch
from torch import Generator, Tensor


def gaussian(images: Tensor, level: float, generator: Generator) -> Tensor:
    """Add normal noise of standard deviation `level` to every pixel, clipped to [0, 1]."""
    noise = torch.randn(images.shape, generator=generator)
    return noise.mul_(level).add_(images).clamp_(0, 1)


def masking(images: Tensor, level: float, generator: Generator) -> Tensor:
    """Blacken each pixel with probability `level`."""
    return images * (torch.rand(images.shape, generator=generator) >= level)


def salt_and_pepper(images: Tensor, level: float, generator: Generator) -> Tensor:
    """Turn each pixel black or white, evenly, with probability `level`."""
    chance = torch.rand(images.shape, generator=generator)
    return torch.where(chance < level, (chance < level / 2).float(), images)


KINDS: Mapping[str, Callable[[Tensor, float, Generator], Tensor]] = {
    "gaussian": gaussian,
    "masking": masking,
    "salt_and_pepper": salt_and_pepper,
}


def corrupt(images: Tensor, kind: str, level: float, generator: Generator) -> Tensor:
    """Put noise on images.

    Parameters
    ----------
    images : Tensor of shape (n, pixels), float32 in [0, 1]
    kind : {'none', 'gaussian', 'masking', 'salt_and_pepper'}
    level : float in [0, 1]
        Standard deviation of the gaussian; otherwise the share of pixels hit.
    generator : torch.Generator
        The only source of randomness.

    Returns
    -------
    Tensor of shape (n, pixels), float32 in [0, 1]
        The images themselves where there is no noise to put on.
    """
    if kind == "none" or level == 0:
        return images
    return KINDS[kind](images, level, generator)
