"""Reconstruction errors to minimise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aecore.i18n import N_
from aecore.knob import Choice, Requirement

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class LossKind(Choice):
    """A reconstruction error.

    Attributes
    ----------
    error : callable
        Takes reconstructions and images, both (n, pixels), float32. Returns the mean over pixels, a
        scalar; not finite where the reconstructions are not.
    of_logits : bool
        Whether it takes the reconstructions before their sigmoid.
    """

    error: "Callable[[Tensor, Tensor], Tensor]"
    of_logits: bool = False


def mean_squared_error(output: "Tensor", images: "Tensor") -> "Tensor":
    """Return the mean squared error per pixel."""
    from torch.nn import functional

    return functional.mse_loss(output, images)


def clipped_squared_error(output: "Tensor", images: "Tensor") -> "Tensor":
    """Return the mean squared error per pixel of reconstructions clipped to [0, 1].

    Clipping alone would leave pixels beyond the bounds without a gradient. This is the convex loss
    that matches it: equal between the bounds, linear beyond them, and flat beyond a bound that is
    the target, as black is in most pixels.

    References
    ----------
    Auer, Herbster and Warmuth (1996). Exponentially many local minima for single neurons. NIPS.
    """
    clipped = output.clamp(0, 1)
    difference = clipped - images
    return (difference * (2 * output - clipped - images)).mean()


def cross_entropy(logits: "Tensor", images: "Tensor") -> "Tensor":
    """Return the mean binary cross-entropy per pixel, of reconstructions before their sigmoid."""
    from torch.nn import functional

    return functional.binary_cross_entropy_with_logits(logits, images)


LOSSES: Mapping[str, LossKind] = {
    "mse": LossKind(
        label=N_("Squared error"),
        description=N_("the mean over pixels of the squared difference."),
        error=mean_squared_error,
    ),
    "clipped": LossKind(
        label=N_("Clipped squared error"),
        description=N_(
            "of reconstructions clipped to black and white: how far beyond them a pixel is does "
            "not matter."
        ),
        error=clipped_squared_error,
    ),
    "bce": LossKind(
        label=N_("Cross-entropy"),
        description=N_("for pixels read as probabilities."),
        requires=(
            Requirement(
                "linear_path",
                (False,),
                N_(
                    "Cross-entropy needs outputs between 0 and 1, which a linear path does not "
                    "give; set loss to mse, or switch linear_path off."
                ),
            ),
        ),
        error=cross_entropy,
        of_logits=True,
    ),
}
