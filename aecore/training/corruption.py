"""Corruption of the network's input by noise."""

from torch import Generator, Tensor

from aecore.choices.noise import NOISE_KINDS
from aecore.config import Config


def noise_level(config: Config) -> float:
    """Return the level of the noise that settings add to the input; 0 for none of any kind."""
    return config.noise if "noise" in NOISE_KINDS[config.noise_kind].uses else 0.0


def corrupt(images: Tensor, kind: str, level: float, generator: Generator) -> Tensor:
    """Add noise to images.

    Parameters
    ----------
    images : Tensor of shape (n, pixels), float32 in [0, 1]
    kind : str
        A key of `aecore.choices.noise.NOISE_KINDS`.
    level : float in [0, 1]
        Its meaning depends on the kind; 0 is no noise.
    generator : torch.Generator
        The only source of randomness.

    Returns
    -------
    Tensor of shape (n, pixels), float32 in [0, 1]
        The images themselves if the level is 0.
    """
    return images if level == 0 else NOISE_KINDS[kind].corrupt(images, level, generator)
