"""Activation functions of the hidden layers and of the code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from aecore.i18n import N_
from aecore.knob import Choice

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class Activation(Choice):
    """An activation function.

    Attributes
    ----------
    module : str
        Name of its class in `torch.nn`, which takes no arguments.
    gain : float
        Factor of the initial weights of the layer before it, so that signals keep their variance:
        for a sigmoid, whose slope is a quarter, that of Glorot and Bengio (2010).
    javascript : str
        The same function of ``x``, for decoding in the browser; ``erf`` is available.
    hidden, code : bool
        Whether it is available for the hidden layers, and for the code.
    """

    module: str
    javascript: str
    gain: float = 1.0
    hidden: bool = True
    code: bool = True

    def build(self) -> "nn.Module":
        """Create a module."""
        from torch import nn

        return cast("nn.Module", getattr(nn, self.module)())


ACTIVATIONS: Mapping[str, Activation] = {
    "linear": Activation(
        label=N_("Linear"),
        module="Identity",
        javascript="x",
        hidden=False,
    ),
    "sigmoid": Activation(
        label=N_("Sigmoid"),
        module="Sigmoid",
        javascript="1 / (1 + Math.exp(-x))",
        gain=4.0,
    ),
    "tanh": Activation(
        label=N_("Tanh"),
        module="Tanh",
        javascript="Math.tanh(x)",
        gain=5 / 3,
    ),
    "relu": Activation(
        label=N_("ReLU"),
        module="ReLU",
        javascript="x > 0 ? x : 0",
        gain=2**0.5,
    ),
    "gelu": Activation(
        label=N_("GELU"),
        module="GELU",
        javascript="0.5 * x * (1 + erf(x * Math.SQRT1_2))",
        gain=2**0.5,
        code=False,
    ),
}
HIDDEN_ACTIVATIONS = {name: each for name, each in ACTIVATIONS.items() if each.hidden}
CODE_ACTIVATIONS = {name: each for name, each in ACTIVATIONS.items() if each.code}
