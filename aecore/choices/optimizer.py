"""Optimizers: how gradients update the weights."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aecore.i18n import N_
from aecore.knob import Choice

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer


class OptimizerSettings(Protocol):
    """The settings that an optimizer may read."""

    @property
    def learning_rate(self) -> float:
        """Step size."""

    @property
    def momentum(self) -> float:
        """Fraction of the previous update that is kept."""


@dataclass(frozen=True, kw_only=True)
class OptimizerKind(Choice):
    """An optimizer.

    Attributes
    ----------
    build : callable
        Takes parameters and the settings. Returns a new optimizer over the parameters.
    """

    build: "Callable[[Iterable[Parameter], OptimizerSettings], Optimizer]"


def sgd(parameters: "Iterable[Parameter]", settings: OptimizerSettings) -> "Optimizer":
    """Return stochastic gradient descent with momentum."""
    from torch.optim import SGD

    return SGD(parameters, settings.learning_rate, momentum=settings.momentum, fused=True)


def adam(parameters: "Iterable[Parameter]", settings: OptimizerSettings) -> "Optimizer":
    """Return Adam (Kingma and Ba, 2015)."""
    from torch.optim import Adam

    return Adam(parameters, settings.learning_rate, fused=True)


OPTIMIZERS: Mapping[str, OptimizerKind] = {
    "sgd": OptimizerKind(
        label=N_("SGD"),
        description=N_("stochastic gradient descent with momentum."),
        uses=("momentum",),
        build=sgd,
    ),
    "adam": OptimizerKind(
        label=N_("Adam"),
        description=N_("adapts the step size of each weight."),
        build=adam,
    ),
}
