"""How a step is made from a gradient: the optimizer, its pace, its moments by name."""

from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.optim import Optimizer

from aecore.choices.optimizer import OPTIMIZERS
from aecore.config import Config

Moments = dict[str, dict[str, Tensor]]
"""Of each parameter name, the optimizer's tensors by their torch names."""


class Stepper:
    """An optimizer that is made when the first step needs it: making the first takes seconds.

    Parameters
    ----------
    model : Module
    moments : Moments, optional
        What it goes on from.

    Raises
    ------
    ValueError
        Where a moment is not of its parameter's shape.
    """

    def __init__(self, model: nn.Module, moments: Moments | None = None) -> None:
        self._model, self._moments = model, moments or {}
        self._made: Optimizer | None = None
        for name, parameter in model.named_parameters():
            found = self._moments.get(name, {}).values()
            if any(each.ndim and each.shape != parameter.shape for each in found):
                raise ValueError(f"the moments of {name} have another shape than it has")

    @property
    def moments(self) -> Moments:
        """What another goes on from; not copies."""
        return self._moments if self._made is None else moments(self._made, self._model)

    def step(self, loss: Tensor, config: Config, rate: float) -> None:
        """Make a step down the gradient of a loss, at this learning rate."""
        if self._made is None:
            self._made = build(self._model, config, self._moments)
        set_pace(self._made, config, rate)
        self._made.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._made.step()


def build(model: nn.Module, config: Config, moments: Moments | None = None) -> Optimizer:
    """Return the configured optimizer over all parameters, going on from `moments`."""
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
    """Yield each tensor with a name ``parameter/key``."""
    for name, state in all_moments.items():
        for key, value in state.items():
            yield f"{name}/{key}", value


def nested(tensors: Mapping[str, Tensor]) -> Moments:
    """Return what `flat` took apart."""
    found: Moments = {}
    for path, value in tensors.items():
        name, key = path.rsplit("/", 1)
        found.setdefault(name, {})[key] = value.clone()
    return found


def set_pace(optimizer: Optimizer, config: Config, rate: float) -> None:
    """Let the next step be made with this learning rate and the configured momentum."""
    for group in optimizer.param_groups:
        group["lr"] = rate
        if "momentum" in group:
            group["momentum"] = config.momentum
