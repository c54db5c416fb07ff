"""Optimizers: how gradients update the weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aecore.i18n import N_
from aecore.knob import Choice

if TYPE_CHECKING:
    from torch import Tensor


class OptimizerSettings(Protocol):
    """The settings that an optimizer may read."""

    @property
    def learning_rate(self) -> float:
        """Step size."""

    @property
    def momentum(self) -> float:
        """Fraction of the previous update that is kept."""


Moments = dict[str, "Tensor"]
"""What an optimizer remembers of one parameter, such as running means; empty before a step."""


@dataclass(frozen=True, kw_only=True)
class OptimizerKind(Choice):
    """An optimizer.

    Attributes
    ----------
    step : callable
        Takes parameters, their gradients, their moments, the learning rate and the settings.
        Changes parameters and moments in place. The result equals that of the class of the same
        name in ``torch.optim`` with ``fused=True`` bit for bit, but no compiler is imported, which
        takes torch several seconds.
    """

    step: "Callable[[list[Tensor], list[Tensor], list[Moments], float, OptimizerSettings], None]"


def sgd(
    parameters: "list[Tensor]",
    gradients: "list[Tensor]",
    moments: list[Moments],
    rate: float,
    settings: OptimizerSettings,
) -> None:
    """Take a step of gradient descent with momentum (Sutskever et al., 2013)."""
    import torch

    buffers = _remembered("momentum_buffer", parameters, moments) if settings.momentum else []
    torch._fused_sgd_(
        parameters,
        gradients,
        buffers,
        lr=rate,
        momentum=settings.momentum,
        dampening=0.0,
        weight_decay=0.0,
        nesterov=False,
        maximize=False,
        is_first_step=False,
    )


def adam(
    parameters: "list[Tensor]",
    gradients: "list[Tensor]",
    moments: list[Moments],
    rate: float,
    _settings: OptimizerSettings,
) -> None:
    """Take a step of Adam (Kingma and Ba, 2015)."""
    import torch

    means = _remembered("exp_avg", parameters, moments)
    squares = _remembered("exp_avg_sq", parameters, moments)
    steps = _remembered("step", parameters, moments, scalar=True)
    torch._foreach_add_(steps, 1)
    torch._fused_adam_(
        parameters,
        gradients,
        means,
        squares,
        [],
        steps,
        lr=rate,
        beta1=0.9,
        beta2=0.999,
        eps=1e-8,
        weight_decay=0.0,
        amsgrad=False,
        maximize=False,
    )


def _remembered(
    name: str, parameters: "list[Tensor]", moments: list[Moments], *, scalar: bool = False
) -> "list[Tensor]":
    """Return a moment of each parameter, at first zeros: of its shape, or a scalar."""
    import torch

    for parameter, each in zip(parameters, moments, strict=True):
        if name not in each:
            each[name] = parameter.new_zeros(()) if scalar else torch.zeros_like(parameter)
    return [each[name] for each in moments]


OPTIMIZERS: Mapping[str, OptimizerKind] = {
    "sgd": OptimizerKind(
        label=N_("SGD"),
        description=N_("stochastic gradient descent with momentum."),
        uses=("momentum",),
        step=sgd,
    ),
    "adam": OptimizerKind(
        label=N_("Adam"),
        description=N_("adapts the step size of each weight."),
        step=adam,
    ),
}
