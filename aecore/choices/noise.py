"""Noise on images, as pure functions of the image, the level and a generator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aecore.i18n import N_
from aecore.knob import Choice

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, kw_only=True)
class NoiseKind(Choice):
    """A kind of noise.

    Attributes
    ----------
    corrupt : callable
        Takes images (n, pixels), float32 in [0, 1], a level in [0, 1] and a generator, its only
        source of randomness. Returns noisy images of the same shape and range.
    """

    corrupt: "Callable[[Tensor, float, Generator], Tensor]"


def clean(images: "Tensor", _level: float, _generator: "Generator") -> "Tensor":
    """Return the images unchanged."""
    return images


def gaussian(images: "Tensor", level: float, generator: "Generator") -> "Tensor":
    """Add normal noise of standard deviation `level` to every pixel, clipped to [0, 1]."""
    noise = images.new_empty(images.shape).normal_(generator=generator)
    return noise.mul_(level).add_(images).clamp_(0, 1)


def masking(images: "Tensor", level: float, generator: "Generator") -> "Tensor":
    """Set each pixel to black with probability `level`."""
    return images * (_uniform(images, generator) >= level)


def salt_and_pepper(images: "Tensor", level: float, generator: "Generator") -> "Tensor":
    """Set each pixel to black or white, equally often, with probability `level`."""
    chance = _uniform(images, generator)
    return (chance < level / 2).to(images.dtype).where(chance < level, images)


def _uniform(images: "Tensor", generator: "Generator") -> "Tensor":
    return images.new_empty(images.shape).uniform_(generator=generator)


NOISE_KINDS: Mapping[str, NoiseKind] = {
    "none": NoiseKind(label=N_("None"), corrupt=clean),
    "gaussian": NoiseKind(
        label=N_("Gaussian"),
        description=N_("adds normal noise to every pixel; the level is its standard deviation."),
        uses=("noise",),
        corrupt=gaussian,
    ),
    "masking": NoiseKind(
        label=N_("Masking"),
        description=N_("sets some pixels to black; the level is their share."),
        uses=("noise",),
        corrupt=masking,
    ),
    "salt_and_pepper": NoiseKind(
        label=N_("Salt and pepper"),
        description=N_("sets some pixels to black or white; the level is their share."),
        uses=("noise",),
        corrupt=salt_and_pepper,
    ),
}
