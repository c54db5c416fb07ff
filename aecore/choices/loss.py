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
        Takes reconstructions and images, both (n, pixels). Returns the mean over pixels, a scalar;
        not finite where the reconstructions are not.
    """

    error: "Callable[[Tensor, Tensor], Tensor]"


def mean_squared_error(output: "Tensor", images: "Tensor") -> "Tensor":
    """Return the mean squared error per pixel."""
    from torch.nn import functional

    return functional.mse_loss(output, images)


def cross_entropy(output: "Tensor", images: "Tensor") -> "Tensor":
    """Return the mean binary cross-entropy per pixel, of reconstructions in [0, 1]."""
    from torch.nn import functional

    if not output.isfinite().all():
        # torch raises on NaN, but divergence is detected by a loss that is not finite.
        return output.sum()
    return functional.binary_cross_entropy(output, images)


LOSSES: Mapping[str, LossKind] = {
    "mse": LossKind(
        label=N_("Squared error"),
        description=N_("the mean over pixels of the squared difference."),
        error=mean_squared_error,
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
    ),
}
