"""The layers a configuration makes of images of a shape, from the image to its reconstruction."""

import math
from dataclasses import dataclass
from typing import Literal

from aecore.config import Config

Part = Literal["image", "encoder", "code", "decoder", "reconstruction"]


@dataclass(frozen=True)
class Layer:
    """One layer of units.

    Attributes
    ----------
    part : {'image', 'encoder', 'code', 'decoder', 'reconstruction'}
    shape : tuple of int
        ``(units,)`` of a dense layer, ``(channels, height, width)`` of a convolutional one, and
        ``(height, width)`` of the image and its reconstruction.
    activation : str
        A choice of the knobs `activation` or `code_activation`; empty for the image.
    """

    part: Part
    shape: tuple[int, ...]
    activation: str = ""

    @property
    def units(self) -> int:
        """How many numbers it holds."""
        return math.prod(self.shape)


def layers(config: Config, shape: tuple[int, int]) -> tuple[Layer, ...]:
    """List the layers of the network that `aecore.network.autoencoder.Autoencoder` builds.

    Parameters
    ----------
    config : Config
    shape : (height, width)
        Of the images, in pixels.

    Returns
    -------
    tuple of Layer
        The decoder's mirror those of the encoder, with the code in the middle.
    """
    between = _hidden(config, shape)
    output = "linear" if config.linear_path else "sigmoid"
    return (
        Layer("image", shape),
        *(Layer("encoder", each, config.activation) for each in between),
        Layer("code", (config.bottleneck,), config.code_activation),
        *(Layer("decoder", each, config.activation) for each in reversed(between)),
        Layer("reconstruction", shape, output),
    )


def _hidden(config: Config, shape: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the shapes of the layers between image and code."""
    if config.architecture == "dense":
        return [(width,) for width in config.widths]
    sides = [shape]
    for _ in config.widths:
        height, width = sides[-1]
        # An odd side is rounded up when it is halved.
        sides.append(((height + 1) // 2, (width + 1) // 2))
    return [(channels, *side) for channels, side in zip(config.widths, sides[1:], strict=True)]
