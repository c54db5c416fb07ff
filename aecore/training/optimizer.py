"""Optimizer steps, and the optimizer's moments by parameter name."""

from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.optim import Optimizer

from aecore.choices.optimizer import OPTIMIZERS
from aecore.config import Config

Moments = dict[str, dict[str, Tensor]]
"""The optimizer's tensors by parameter name and torch's key."""


class Stepper:
    """An optimizer that is created at the first step, since creating the first takes seconds.

    Parameters
    ----------
    model : Module
    moments : Moments, optional
        State to resume from.

    Raises
    ------
    ValueError
        If the shape of a moment does not match its parameter.
    """

    def __init__(self, model: nn.Module, moments: Moments | None = None) -> None:
        self._model, self._moments = model, moments or {}
        self._optimizer: Optimizer | None = None
        for name, parameter in model.named_parameters():
            tensors = self._moments.get(name, {}).values()
            if any(each.ndim and each.shape != parameter.shape for each in tensors):
                raise ValueError(f"the moments of {name} have another shape than it has")

    @property
    def moments(self) -> Moments:
        """The state from which another can resume; not copies."""
        return self._moments if self._optimizer is None else moments(self._optimizer, self._model)

    def step(self, loss: Tensor, config: Config, rate: float) -> None:
        """Take a step down the gradient of a loss at a learning rate."""
        if self._optimizer is None:
            self._optimizer = build(self._model, config, self._moments)
        set_rate(self._optimizer, config, rate)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()


def build(model: nn.Module, config: Config, moments: Moments | None = None) -> Optimizer:
    """Create the configured optimizer for all parameters, resuming from `moments`."""
    optimizer = OPTIMIZERS[config.optimizer].build(model.parameters(), config)
    for name, parameter in model.named_parameters():
        if moments and name in moments:
            optimizer.state[parameter].update(moments[name])
    return optimizer


def moments(optimizer: Optimizer, model: nn.Module) -> Moments:
    """Return the optimizer's tensors by parameter name; not copies."""
    named = model.named_parameters()
    states = {name: optimizer.state.get(parameter, {}) for name, parameter in named}
    return {
        name: {key: value for key, value in state.items() if isinstance(value, Tensor)}
        for name, state in states.items()
        if state
    }


def flat(all_moments: Moments) -> Iterator[tuple[str, Tensor]]:
    """Flatten moments to tensors named ``parameter/key``."""
    for name, state in all_moments.items():
        for key, value in state.items():
            yield f"{name}/{key}", value


def nested(tensors: Mapping[str, Tensor]) -> Moments:
    """Restore moments flattened by `flat`."""
    moments: Moments = {}
    for path, value in tensors.items():
        name, key = path.rsplit("/", 1)
        moments.setdefault(name, {})[key] = value.clone()
    return moments


def set_rate(optimizer: Optimizer, config: Config, rate: float) -> None:
    """Set the learning rate and the configured momentum for the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
        if "momentum" in group:
            group["momentum"] = config.momentum
