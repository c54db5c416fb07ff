"""All hyperparameters, declared once; sliders, flags, validation, help and URLs follow from it."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from aecore.choices.activation import CODE_ACTIVATIONS, HIDDEN_ACTIVATIONS
from aecore.choices.architecture import ARCHITECTURES
from aecore.choices.device import DEVICES
from aecore.choices.loss import LOSSES
from aecore.choices.noise import NOISE_KINDS
from aecore.choices.optimizer import OPTIMIZERS
from aecore.choices.precision import PRECISIONS
from aecore.choices.schedule import SCHEDULES
from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.errors import ConfigError
from aecore.i18n import N_, Message
from aecore.knob import knob, sentence, unmet, using

GROUPS: Mapping[str, Message] = {
    "constraint": N_("Constraint"),
    "data": N_("Data"),
    "network": N_("Network"),
    "training": N_("Training"),
}
MOST_UNITS = 4096
WIDTHS = r"^(\d{1,4}(-\d{1,4}){0,7})?$"
CLASSES = r"^([^,]{1,40}(,[^,]{1,40}){0,99})?$"
NAME = r"^[A-Za-z0-9_-]{1,64}$"
# Settings that early versions did not save, with the values that their runs were trained with.
BEFORE_SAVED: Mapping[str, Any] = {"validation_images": 0}


class Config(BaseModel):
    """All hyperparameters of a run, immutable and validated.

    Raises
    ------
    ConfigError
        If a value is out of bounds, or two values exclude each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bottleneck: int = knob(
        8,
        N_("Bottleneck"),
        N_("Number of units in the code. Fewer force the network to keep only what matters."),
        group="constraint",
        low=1,
        high=1024,
        live=True,
        log=True,
    )
    noise: float = knob(
        0.0,
        N_("Noise"),
        N_("Noise added to the input; the network must reconstruct the clean image."),
        group="constraint",
        low=0,
        high=1,
        step=0.05,
        live=True,
        when={"noise_kind": using(NOISE_KINDS, "noise")},
    )
    sparsity: float = knob(
        0.0,
        N_("Sparsity"),
        N_("Penalty on active units, so that only a few are active per image."),
        group="constraint",
        low=0,
        high=10,
        live=True,
        log=True,
        when={"sparsity_kind": using(SPARSITY_KINDS, "sparsity")},
    )
    noise_kind: str = knob(
        "gaussian",
        N_("Noise kind"),
        N_("How noise changes the input."),
        group="constraint",
        live=True,
        choices=NOISE_KINDS,
    )
    sparsity_kind: str = knob(
        "l1",
        N_("Sparsity kind"),
        N_("How the code is kept sparse."),
        group="constraint",
        live=True,
        choices=SPARSITY_KINDS,
    )
    target_activity: float = knob(
        0.05,
        N_("Target activity"),
        N_("Target mean activation of each unit for KL sparsity."),
        group="constraint",
        low=0.01,
        high=0.5,
        step=0.01,
        live=True,
        when={"sparsity_kind": using(SPARSITY_KINDS, "target_activity")},
    )
    active_units: int = knob(
        16,
        N_("Active units"),
        N_("Number of units of each code that top-k keeps; the others are set to zero."),
        group="constraint",
        low=1,
        high=1024,
        live=True,
        log=True,
        when={"sparsity_kind": using(SPARSITY_KINDS, "active_units")},
    )
    dataset: str = knob(
        "digits",
        N_("Dataset"),
        N_("The images the network trains on."),
        group="data",
        pattern=NAME,
        example="mnist",
    )
    train_size: int = knob(
        60_000,
        N_("Train size"),
        N_("Maximum number of training images."),
        group="data",
        low=100,
        high=1_000_000,
        log=True,
    )
    validation_images: int = knob(
        1000,
        N_("Validation images"),
        N_(
            "Maximum number of training images, at most a tenth of them, that are held out to "
            "measure the error during training and to choose between runs; with 0, test images "
            "take their place."
        ),
        group="data",
        low=0,
        high=10_000,
        log=True,
    )
    classes: str = knob(
        "",
        N_("Classes"),
        N_(
            "Train on these classes only, comma-separated; empty for all. Unseen classes "
            "reconstruct poorly, which is how anomalies are found."
        ),
        group="data",
        pattern=CLASSES,
        example="0,1",
    )
    architecture: str = knob(
        "dense",
        N_("Architecture"),
        N_("The kind of layers."),
        group="network",
        choices=ARCHITECTURES,
    )
    hidden: str = knob(
        "512-256-128",
        N_("Hidden widths"),
        N_(
            "Widths of the layers between image and code, mirrored in the decoder; empty for none. "
            "In a convolutional network, channels."
        ),
        group="network",
        pattern=WIDTHS,
        example="512-256",
    )
    activation: str = knob(
        "gelu",
        N_("Activation"),
        N_("The nonlinearity of the hidden layers."),
        group="network",
        choices=HIDDEN_ACTIVATIONS,
    )
    code_activation: str = knob(
        "linear",
        N_("Code activation"),
        N_("The nonlinearity of the code."),
        group="network",
        choices=CODE_ACTIVATIONS,
    )
    tied: bool = knob(
        False,
        N_("Tied weights"),
        N_("The decoder uses the encoder's weights, transposed."),
        group="network",
        when={"architecture": using(ARCHITECTURES, "tied")},
    )
    linear_path: bool = knob(
        True,
        N_("Linear path"),
        N_("A linear shortcut initialised with PCA; the network learns the residual."),
        group="network",
    )
    loss: str = knob(
        "clipped", N_("Loss"), N_("The reconstruction error to minimise."), choices=LOSSES
    )
    optimizer: str = knob(
        "adam", N_("Optimizer"), N_("How gradients update the weights."), choices=OPTIMIZERS
    )
    momentum: float = knob(
        0.9,
        N_("Momentum"),
        N_("Fraction of the previous update SGD keeps."),
        low=0,
        high=0.99,
        step=0.01,
        live=True,
        when={"optimizer": using(OPTIMIZERS, "momentum")},
    )
    learning_rate: float = knob(
        1e-3,
        N_("Learning rate"),
        N_("Step size; too large and training diverges."),
        low=1e-5,
        high=1000,
        live=True,
        log=True,
    )
    schedule: str = knob(
        "one_cycle",
        N_("Schedule"),
        N_("How the learning rate changes during the run."),
        live=True,
        choices=SCHEDULES,
    )
    batch_size: int = knob(
        256, N_("Batch size"), N_("Images per step."), low=1, high=4096, log=True
    )
    epochs: int = knob(
        20,
        N_("Epochs"),
        N_("Passes over the training images."),
        low=1,
        high=1000,
        live=True,
        log=True,
    )
    pretrain_epochs: int = knob(
        0,
        N_("Pretraining epochs"),
        N_("Epochs of greedy pretraining per layer; 0 for none."),
        low=0,
        high=100,
        when={"architecture": using(ARCHITECTURES, "pretrain_epochs")},
    )
    seed: int = knob(
        0,
        N_("Seed"),
        N_("The same settings and seed give the same run."),
        low=0,
        high=2**31 - 1,
    )
    precision: str = knob(
        "auto",
        N_("Precision"),
        N_("The number format in which matrices are multiplied."),
        choices=PRECISIONS,
    )
    device: str = knob("auto", N_("Device"), N_("What the network is trained on."), choices=DEVICES)

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
                    "Hidden widths contains {width}; choose 1 to {most} for each.",
                    width=width,
                    most=MOST_UNITS,
                )
        for reason in _conflicts(self):
            raise ConfigError.from_message(reason)
        return self

    @property
    def widths(self) -> tuple[int, ...]:
        """The hidden widths as numbers, from the image to the code."""
        return tuple(int(width) for width in self.hidden.split("-") if width)

    @classmethod
    def from_saved(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings of a saved run, which an early version may have saved.

        Raises
        ------
        ConfigError
            If a value is invalid.
        """
        return cls(**{**BEFORE_SAVED, **values})

    def changed(self, **values: Any) -> Self:
        """Return a validated copy with some knobs changed.

        Raises
        ------
        ConfigError
            If a value is invalid.
        """
        return type(self)(**{**self.model_dump(), **values})


def parse_classes(classes: str) -> tuple[str, ...]:
    """Split a comma-separated list of classes; empty for all."""
    return tuple(name.strip() for name in classes.split(",") if name.strip())


def _conflicts(config: Config) -> Iterator[Message]:
    """Yield the conflicts between settings, each with a way out."""
    for requirement in unmet(config):
        yield requirement.reason
    if config.linear_path and config.code_activation != "linear":
        yield N_(
            "A linear path needs a linear code; set code_activation to linear, or switch "
            "linear_path off."
        )
    if config.architecture == "convolutional" and not 1 <= len(config.widths) <= 4:
        yield N_(
            "A convolutional network has one to four layers; provide hidden channels such as 32-64."
        )
    if config.linear_path and config.pretrain_epochs > 0:
        yield N_(
            "Layer-wise pretraining and the linear path are two ways to start; set "
            "pretrain_epochs to 0, or switch linear_path off."
        )
