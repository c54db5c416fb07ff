"""Describe the layers of a network, from the image to its reconstruction, without building it."""

import math
from dataclasses import dataclass
from typing import Literal

from aecore.config import Config

Part = Literal["image", "encoder", "code", "decoder", "reconstruction"]


@dataclass(frozen=True)
class Layer:
    """A layer of units.

    Attributes
    ----------
    part : {'image', 'encoder', 'code', 'decoder', 'reconstruction'}
    shape : tuple of int
        ``(units,)`` for a dense layer, ``(channels, height, width)`` for a convolutional one, and
        ``(height, width)`` for the image and its reconstruction.
    activation : str
        A value of the knob `activation` or `code_activation`; empty for the image.
    """

    part: Part
    shape: tuple[int, ...]
    activation: str = ""

    @property
    def units(self) -> int:
        """Number of units."""
        return math.prod(self.shape)


def layers(config: Config, shape: tuple[int, int]) -> tuple[Layer, ...]:
    """List the layers of the network that `aecore.network.autoencoder.Autoencoder` builds.

    Parameters
    ----------
    config : Config
    shape : (height, width)
        Image size in pixels.

    Returns
    -------
    tuple of Layer
        The decoder mirrors the encoder, with the code in the middle.
    """
    hidden = _hidden_shapes(config, shape)
    output = "linear" if config.linear_path else "sigmoid"
    return (
        Layer("image", shape),
        *(Layer("encoder", each, config.activation) for each in hidden),
        Layer("code", (config.bottleneck,), config.code_activation),
        *(Layer("decoder", each, config.activation) for each in reversed(hidden)),
        Layer("reconstruction", shape, output),
    )


def _hidden_shapes(config: Config, shape: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the shapes of the layers between the image and the code."""
    if config.architecture == "dense":
        return [(width,) for width in config.widths]
    sides = [shape]
    for _ in config.widths:
        height, width = sides[-1]
        # Halving rounds an odd side up.
        sides.append(((height + 1) // 2, (width + 1) // 2))
    return [(channels, *side) for channels, side in zip(config.widths, sides[1:], strict=True)]
