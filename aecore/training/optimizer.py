"""Optimizer steps, and the optimizer's moments by parameter name."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from aecore.choices.optimizer import OPTIMIZERS, Moments
from aecore.config import Config

MOMENTS = ("step", "exp_avg", "exp_avg_sq", "momentum_buffer")
"""What optimizers remember of a parameter, by the names of ``torch.optim``."""


def moment_shape(moment: str, parameter: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a moment of a parameter of a shape."""
    return () if moment == "step" else parameter


class Stepper:
    """Changes the parameters of a network by the steps of an optimizer.

    Parameters
    ----------
    model : Module
    moments : dict of Moments, optional
        State to resume from, by parameter name.

    Attributes
    ----------
    moments : dict of Moments
        The state from which another can resume; not copies.

    Raises
    ------
    ValueError
        If the shape of a moment does not match its parameter.
    """

    def __init__(self, model: nn.Module, moments: Mapping[str, Moments] | None = None) -> None:
        self.moments: dict[str, Moments] = dict(moments or {})
        self._parameters = dict(model.named_parameters())
        for name, parameter in self._parameters.items():
            tensors = self.moments.get(name, {})
            if any(each.shape != moment_shape(n, parameter.shape) for n, each in tensors.items()):
                raise ValueError(f"the moments of {name} have another shape than it has")
            if tensors:
                self.moments[name] = {n: each.to(parameter.device) for n, each in tensors.items()}

    def step(self, loss: Tensor, config: Config, rate: float) -> None:
        """Take a step down the gradient of a loss at a learning rate.

        Parameters on which the loss does not depend stay as they are.
        """
        gradients = torch.autograd.grad(loss, [*self._parameters.values()], allow_unused=True)
        # torch's fused optimizers read memory in order, whatever the strides of a gradient are.
        changed = {
            name: gradient.contiguous()
            for name, gradient in zip(self._parameters, gradients, strict=True)
            if gradient is not None
        }
        with torch.no_grad():
            OPTIMIZERS[config.optimizer].step(
                [self._parameters[name] for name in changed],
                [*changed.values()],
                [self.moments.setdefault(name, {}) for name in changed],
                rate,
                config,
            )


def flat(moments: Mapping[str, Moments]) -> Iterator[tuple[str, Tensor]]:
    """Flatten moments to tensors named ``parameter/key``."""
    for name, state in moments.items():
        for key, value in state.items():
            yield f"{name}/{key}", value


def nested(tensors: Mapping[str, Tensor]) -> dict[str, Moments]:
    """Restore moments flattened by `flat`."""
    moments: dict[str, Moments] = {}
    for path, value in tensors.items():
        name, key = path.rsplit("/", 1)
        moments.setdefault(name, {})[key] = value.clone()
    return moments
