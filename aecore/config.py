"""Every hyperparameter, declared once; sliders, flags, checks, help, URLs and docs follow."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from aecore.errors import ConfigError
from aecore.knob import knob, sentence

GROUPS: Mapping[str, str] = {
    "constraint": "Constraint",
    "data": "Data",
    "network": "Network",
    "training": "Training",
}
MOST_UNITS = 4096
WIDTHS = r"^(\d{1,4}(-\d{1,4}){0,7})?$"
CLASSES = r"^([^,]{1,40}(,[^,]{1,40}){0,99})?$"
NAME = r"^[A-Za-z0-9_-]{1,64}$"


class Config(BaseModel):
    """All hyperparameters of a run: immutable, checked, complete.

    Raises
    ------
    ConfigError
        Where a value is out of bounds, or two values cannot go together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    bottleneck: int = knob(8, group="constraint", low=1, high=1024, live=True, log=True)
    """How many numbers the code has. Fewer force the network to find what matters."""

    noise: float = knob(
        0.0,
        group="constraint",
        low=0,
        high=1,
        step=0.05,
        live=True,
        when={"noise_kind": ("gaussian", "masking", "salt_and_pepper")},
    )
    """How much noise is put on the input; the clean image must be rebuilt from it."""

    sparsity: float = knob(
        0.0,
        group="constraint",
        low=0,
        high=10,
        live=True,
        log=True,
        when={"sparsity_kind": ("l1", "kl")},
    )
    """How strongly active units are punished, so that few of them speak at a time."""

    noise_kind: Literal["none", "gaussian", "masking", "salt_and_pepper"] = knob(
        "gaussian", group="constraint", live=True
    )
    """Gaussian adds to every pixel, masking blackens some, salt and pepper does either to some."""

    sparsity_kind: Literal["none", "l1", "kl", "top_k"] = knob(
        "l1", group="constraint", live=True, names={"l1": "L1", "kl": "KL", "top_k": "top-k"}
    )
    """L1 shrinks activations, KL holds each unit's mean at a target, top-k keeps the strongest."""

    target_activity: float = knob(
        0.05,
        group="constraint",
        low=0.01,
        high=0.5,
        step=0.01,
        live=True,
        when={"sparsity_kind": ("kl",)},
    )
    """The mean activation at which KL sparsity holds each unit."""

    active_units: int = knob(
        16,
        group="constraint",
        low=1,
        high=1024,
        live=True,
        log=True,
        when={"sparsity_kind": ("top_k",)},
    )
    """How many units of each code top-k keeps; the others are set to zero."""

    dataset: str = knob("digits", group="data", pattern=NAME, example="mnist")
    """The images it learns from."""

    train_size: int = knob(60_000, group="data", low=100, high=1_000_000, log=True)
    """It learns from at most this many images."""

    classes: str = knob("", group="data", pattern=CLASSES, example="0,1")
    """It learns from these classes only, with commas between; empty for all. What it has not
    seen it cannot rebuild well: that is how it finds anomalies."""

    architecture: Literal["dense", "convolutional"] = knob("dense", group="network")
    """Dense layers see all pixels at once; convolutions look at neighbourhoods."""

    hidden: str = knob(
        "512-256-128", group="network", label="Hidden widths", pattern=WIDTHS, example="512-256"
    )
    """Widths of the layers between image and code, mirrored in the decoder; empty for none.
    In a convolutional network, channels."""

    activation: Literal["sigmoid", "tanh", "relu", "gelu"] = knob(
        "gelu", group="network", names={"relu": "ReLU", "gelu": "GELU"}
    )
    """The nonlinearity of the hidden layers."""

    code_activation: Literal["linear", "sigmoid", "tanh", "relu"] = knob(
        "linear", group="network", names={"relu": "ReLU"}
    )
    """The nonlinearity of the code itself."""

    tied: bool = knob(
        False, group="network", label="Tied weights", when={"architecture": ("dense",)}
    )
    """The decoder uses the encoder's weights, transposed."""

    linear_path: bool = knob(True, group="network")
    """A linear encoder and decoder beside the network, started at the principal components:
    the run begins as PCA and the network learns what is left."""

    loss: Literal["mse", "bce"] = knob(
        "mse", names={"mse": "squared error", "bce": "cross-entropy"}
    )
    """Mean squared error, or cross-entropy for pixels read as probabilities."""

    optimizer: Literal["sgd", "adam"] = knob("adam", names={"sgd": "SGD", "adam": "Adam"})
    """How a step is made from the gradient."""

    momentum: float = knob(
        0.9, low=0, high=0.99, step=0.01, live=True, when={"optimizer": ("sgd",)}
    )
    """How much of its last step SGD keeps."""

    learning_rate: float = knob(1e-3, low=1e-5, high=10, live=True, log=True)
    """The length of a step; too long, and training diverges."""

    schedule: Literal["constant", "cosine", "one_cycle"] = knob(
        "one_cycle", live=True, names={"one_cycle": "one cycle"}
    )
    """How the learning rate moves over the run: not at all, down, or up and then down."""

    batch_size: int = knob(256, low=1, high=4096, log=True)
    """Images per step."""

    epochs: int = knob(20, low=1, high=1000, live=True, log=True)
    """Passes over the training images."""

    pretrain_epochs: int = knob(0, low=0, high=100, when={"architecture": ("dense",)})
    """Passes for each layer alone before all are trained together (greedy layer-wise
    pretraining); 0 for none."""

    seed: int = knob(0, low=0, high=2**31 - 1)
    """The same settings and seed give the same run."""

    precision: Literal["auto", "float32", "bfloat16"] = knob("auto")
    """bfloat16 is faster where the processor has it; auto finds out."""

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise sentence(type(self), error) from None

    @model_validator(mode="after")
    def _check(self) -> Self:
        for width in self.widths:
            if not 1 <= width <= MOST_UNITS:
                raise ConfigError(
                    "hidden has a layer of {width}; choose 1 to {most} for each.",
                    width=width,
                    most=MOST_UNITS,
                )
        for impossible, why in _combinations(self):
            if impossible:
                raise ConfigError(why)
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """The hidden widths as numbers, from the image to the code."""
        return tuple(int(width) for width in self.hidden.split("-") if width)

    def changed(self, **values: Any) -> Self:
        """Return a copy with some knobs changed, checked as a new one is.

        Raises
        ------
        ConfigError
        """
        return type(self)(**{**self.model_dump(), **values})


def _combinations(config: Config) -> list[tuple[bool, str]]:
    """List what cannot be built together, each with the sentence that names the way out."""
    convolutional = config.architecture == "convolutional"
    return [
        (
            config.sparsity_kind == "kl" and config.code_activation != "sigmoid",
            "KL sparsity compares mean activations between 0 and 1; set code_activation to "
            "sigmoid, or choose L1 or top-k.",
        ),
        (
            config.linear_path and config.code_activation != "linear",
            "A linear path needs a linear code; set code_activation to linear, or switch "
            "linear_path off.",
        ),
        (
            config.linear_path and config.loss == "bce",
            "Cross-entropy needs outputs between 0 and 1, which a linear path does not give; "
            "set loss to mse, or switch linear_path off.",
        ),
        (
            config.tied and convolutional,
            "Tied weights are for dense networks; switch tied off, or set architecture to dense.",
        ),
        (
            convolutional and not 1 <= len(config.widths) <= 4,
            "A convolutional network has one to four layers; give hidden channels such as 32-64.",
        ),
        (
            convolutional and config.pretrain_epochs > 0,
            "Layer-wise pretraining is for dense networks; set pretrain_epochs to 0, or "
            "architecture to dense.",
        ),
        (
            config.linear_path and config.pretrain_epochs > 0,
            "Layer-wise pretraining and the linear path are two ways to start; set "
            "pretrain_epochs to 0, or switch linear_path off.",
        ),
    ]
