"""Presets: named starting points that set a few knobs and leave the others at their defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aecore.config import Config
from aecore.errors import ConfigError
from aecore.i18n import N_, Message


@dataclass(frozen=True)
class Preset:
    """A named starting point: its label, what it demonstrates, and the knobs it sets."""

    label: Message
    description: Message
    values: Mapping[str, Any]


PRESETS: Mapping[str, Preset] = {
    "stacked": Preset(
        N_("Stacked"),
        N_("A deep network with a linear path: it starts at PCA and improves on it."),
        {},
    ),
    "two_dimensional": Preset(
        N_("Two-dimensional"),
        N_("A two-unit code: the latent space itself is the map."),
        {"bottleneck": 2},
    ),
    "classic": Preset(
        N_("Classic"),
        N_("One hidden layer, sigmoid, squared error, SGD: the textbook autoencoder."),
        {
            "bottleneck": 32,
            "hidden": "",
            "activation": "sigmoid",
            "code_activation": "sigmoid",
            "linear_path": False,
            "optimizer": "sgd",
            "learning_rate": 5.0,
            "schedule": "constant",
            "batch_size": 64,
        },
    ),
    "sparse": Preset(
        N_("Sparse"),
        N_("A code larger than the image, with only a few units active at a time."),
        {
            "bottleneck": 1024,
            "hidden": "",
            "code_activation": "relu",
            "linear_path": False,
            "sparsity_kind": "top_k",
            "active_units": 25,
        },
    ),
    "denoising": Preset(
        N_("Denoising"),
        N_("Reconstructs the clean image from a noisy one."),
        {"bottleneck": 32, "noise": 0.3},
    ),
    "convolutional": Preset(
        N_("Convolutional"),
        N_("Convolutional layers that halve the resolution."),
        {"architecture": "convolutional", "hidden": "16-32", "bottleneck": 16},
    ),
}

# On a small dataset, more epochs with smaller batches give as many steps as on a large one; the
# smallest also needs only a smaller network.
SMALL: Mapping[str, Mapping[str, Any]] = {
    "digits": {"hidden": "128-64", "batch_size": 32, "epochs": 200},
    "strokes": {"batch_size": 128, "epochs": 60},
}


def preset(name: str, dataset: str = "digits", **values: Any) -> Config:
    """Return the configuration of a preset, with some knobs changed.

    Parameters
    ----------
    name : str
        A key of `PRESETS`.
    dataset : str
        Name of the dataset; small ones get more epochs with smaller batches.
    **values : int, float, bool or str
        Knobs that override the preset.

    Returns
    -------
    Config

    Raises
    ------
    ConfigError
        If there is no such preset, or a value is invalid.
    """
    if name not in PRESETS:
        raise ConfigError(
            "preset is {name!r}; choose one of {all}.", name=name, all=", ".join(PRESETS)
        )
    preset_values = {"dataset": dataset, **SMALL.get(dataset, {}), **PRESETS[name].values}
    return Config(**{**preset_values, **values})
