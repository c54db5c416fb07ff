"""Kinds of sparsity, which keep most units of a code inactive."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aecore.i18n import N_
from aecore.knob import Choice, Requirement

if TYPE_CHECKING:
    from torch import Tensor


class SparsitySettings(Protocol):
    """The settings that a kind of sparsity may read."""

    @property
    def target_activity(self) -> float:
        """Target mean activation of each unit."""

    @property
    def active_units(self) -> int:
        """Number of units that stay active per image."""


@dataclass(frozen=True, kw_only=True)
class SparsityKind(Choice):
    """A kind of sparsity.

    Attributes
    ----------
    penalty : callable or None
        Takes codes (n, d), the norms (d,) of the units' decoder weights, and the settings. Returns
        a scalar, which the setting `sparsity` weighs against the reconstruction error.
    active_units : callable or None
        Takes the settings. Returns the number of strongest units that keep their activation.
    """

    penalty: "Callable[[Tensor, Tensor, SparsitySettings], Tensor] | None" = None
    active_units: Callable[[SparsitySettings], int] | None = None


def l1(codes: "Tensor", scale: "Tensor") -> "Tensor":
    """Return the mean absolute activation, each unit weighted by the norm of its decoder weights.

    Without these weights a network evades the penalty by shrinking the code and enlarging the
    decoder (Bricken et al., 2023, "Towards Monosemanticity", and its April 2024 update). Only the
    decoder's first layer is weighed: a decoder with hidden layers can still shrink this one and
    enlarge those after it, so that a strength means the same for one kind of network only.
    """
    return (codes.abs() * scale).mean(0).sum()


def kl(codes: "Tensor", target: float) -> "Tensor":
    """Return the summed KL divergence between a target and each unit's mean activation in (0, 1).

    Ng, A. (2011). Sparse autoencoder. CS294A lecture notes.
    """
    mean = codes.mean(0).clamp(1e-6, 1 - 1e-6)
    wanted = mean.new_full(mean.shape, target)
    return (wanted * (wanted / mean).log() + (1 - wanted) * ((1 - wanted) / (1 - mean)).log()).sum()


SPARSITY_KINDS: Mapping[str, SparsityKind] = {
    "none": SparsityKind(label=N_("None")),
    "l1": SparsityKind(
        label=N_("L1"),
        description=N_("penalises the size of activations."),
        uses=("sparsity",),
        penalty=lambda codes, scale, _: l1(codes, scale),
    ),
    "kl": SparsityKind(
        label=N_("KL"),
        description=N_("holds the mean activation of each unit at a target."),
        uses=("sparsity", "target_activity"),
        requires=(
            Requirement(
                "code_activation",
                ("sigmoid",),
                N_(
                    "KL sparsity needs activations between 0 and 1; set code_activation to "
                    "sigmoid, or choose L1 or top-k."
                ),
            ),
        ),
        penalty=lambda codes, _, settings: kl(codes, settings.target_activity),
    ),
    "top_k": SparsityKind(
        label=N_("Top-k"),
        description=N_("keeps the strongest units of each code and sets the others to zero."),
        uses=("active_units",),
        active_units=lambda settings: settings.active_units,
    ),
}
