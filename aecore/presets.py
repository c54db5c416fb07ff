"""Presets: named starting points that set a few knobs; how to train follows from the images."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from aecore import data
from aecore.config import Config, parse_classes
from aecore.data import Extent
from aecore.errors import ConfigError
from aecore.i18n import N_, Message
from aecore.knob import knobs

# What is assumed of a dataset that is not there.
UNKNOWN = Extent(60_000, 28, 28)
# Training images per pixel. With fewer of them than this, a deep network memorises the images and
# loses to PCA; `benchmarks/presets.py` measures it.
FEW, MANY = 3, 10
# Learning rate per image and pixel: fewer images also allow smaller steps only.
RATE = 5e-4
LOWEST_RATE, HIGHEST_RATE = 1e-4, 3e-3
# With more than this, a network that has seen noisy images only distorts clean ones.
HIGHEST_RATE_WITH_NOISE = 1e-3
FEWEST_STEPS, STEPS = 2_000, 4_000
STEPS_PER_EPOCH = 40
FEWEST_EPOCHS = 20
SMALLEST_BATCH, LARGEST_BATCH = 16, 128
NARROWEST, WIDEST = 64, 512
WIDEST_CODE = 256
# The side down to which convolutions halve the image, and that from which they have fewer channels,
# since the first layers would take most of the time.
SMALLEST_SIDE, LARGE_SIDE = 8, 48

# What suits the images unless it is chosen, and the settings that decide what suits.
SUITED = ("hidden", "batch_size", "epochs", "learning_rate")
DECISIVE = frozenset({"dataset", "train_size", "classes", "architecture"})


@dataclass(frozen=True)
class Preset:
    """A named starting point.

    Attributes
    ----------
    label : Message
    description : Message
        What it demonstrates.
    values : mapping of str to value
        The knobs it sets.
    wide : bool
        Whether the code suits the size of the images: half as many units as pixels, or fewer.
    """

    label: Message
    description: Message
    values: Mapping[str, Any]
    wide: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The names of the knobs it sets."""
        return frozenset(self.values) | ({"bottleneck"} if self.wide else set())

    def settings(self, extent: Extent) -> dict[str, Any]:
        """Return the knobs it sets for images of a size."""
        if not self.wide:
            return {**self.values}
        halves = extent.height * extent.width // 2
        return {
            **self.values,
            "bottleneck": min(2 ** (max(halves, 4).bit_length() - 1), WIDEST_CODE),
        }


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
        N_("One hidden layer, sigmoid, squared error, plain SGD: the textbook autoencoder."),
        {
            "bottleneck": 32,
            "hidden": "",
            "activation": "sigmoid",
            "code_activation": "sigmoid",
            "linear_path": False,
            "loss": "mse",
            "optimizer": "sgd",
            "momentum": 0.0,
            "learning_rate": 300.0,
            "batch_size": 32,
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
        {"noise": 0.3},
        wide=True,
    ),
    "convolutional": Preset(
        N_("Convolutional"),
        N_("Convolutional layers that halve the resolution."),
        {"architecture": "convolutional", "bottleneck": 16},
    ),
}


def preset(name: str, dataset: str = "digits", **values: Any) -> Config:
    """Return the configuration of a preset, with some knobs changed.

    Widths of the layers, batch size, epochs and learning rate suit the number of training images
    and their size, unless the preset or `values` set them.

    Parameters
    ----------
    name : str
        A key of `PRESETS`.
    dataset : str
        Name of the dataset; it need not be downloaded.
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
    return preset_for(None, name, dataset, **values)


def preset_for(extent: Extent | None, name: str, dataset: str, **values: Any) -> Config:
    """Return the same as `preset` for images of which the catalog need not know.

    Parameters
    ----------
    extent : Extent or None
        Number and size of the training images of the chosen classes; None to ask the catalog.
    name, dataset, **values
        See `preset`.
    """
    if name not in PRESETS:
        raise ConfigError(
            "preset is {name!r}; choose one of {all}.", name=name, all=", ".join(PRESETS)
        )
    start = PRESETS[name]
    images = extent or _extent(Config(dataset=dataset, **{**start.values, **values}))
    chosen = {"dataset": dataset, **start.settings(images), **values}
    config = Config(**chosen)
    batch_size = config.batch_size if "batch_size" in chosen else None
    return Config(**{**suitable(images, config, batch_size), **chosen})


def suitable(extent: Extent, config: Config, batch_size: int | None = None) -> dict[str, Any]:
    """Return the settings that suit the images.

    Parameters
    ----------
    extent : Extent
        Number and size of the training images.
    config : Config
        Its ``train_size``, ``architecture``, ``bottleneck`` and ``noise`` count.
    batch_size : int, optional
        The batch size, if it is chosen already.

    Returns
    -------
    dict of str to int, float or str
        A value for each of `SUITED`.
    """
    count = max(1, min(extent.images, config.train_size))
    pixels = extent.height * extent.width
    density = count / pixels
    size = batch_size or _batch_size(count)
    steps = FEWEST_STEPS if density < FEW else STEPS
    highest = HIGHEST_RATE_WITH_NOISE if config.noise else HIGHEST_RATE
    rate = min(max(RATE * density, LOWEST_RATE), highest)
    if config.architecture == "convolutional":
        widths = _channels(math.sqrt(pixels))
    else:
        widths = _widths(math.sqrt(pixels), density, config.bottleneck)
    return {
        "hidden": "-".join(map(str, widths)),
        "batch_size": size,
        "epochs": _epochs(steps / math.ceil(count / size)),
        "learning_rate": float(f"{rate:.1g}"),
    }


def _extent(config: Config) -> Extent:
    return data.extent(config.dataset, parse_classes(config.classes)) or UNKNOWN


def _batch_size(count: int) -> int:
    """Return the power of two with which an epoch has at least some 40 steps."""
    size = 1 << max(0, (count // STEPS_PER_EPOCH).bit_length() - 1)
    return min(max(size, SMALLEST_BATCH), LARGEST_BATCH)


def _epochs(wanted: float) -> int:
    """Return a number of epochs within the bounds, rounded up to a multiple of ten."""
    epochs = 10 * math.ceil(wanted / 10)
    return min(max(epochs, FEWEST_EPOCHS), int(knobs(Config)["epochs"].high or epochs))


def _widths(side: float, density: float, bottleneck: int) -> list[int]:
    """Return the widths of up to three dense layers, each half as wide as the one before.

    The first is about 16 times the side of the image: 128 for 8 by 8 pixels, 512 for 28 by 28. Few
    images afford the last of these layers only, and a wide code needs wide ones.
    """
    first = min(max(2 ** round(math.log2(16 * side)), NARROWEST), WIDEST)
    narrowest = max(NARROWEST, min(2 * bottleneck, first))
    widths = [first >> halvings for halvings in range(3) if first >> halvings >= narrowest]
    return widths[-1 - (density >= FEW) - (density >= MANY) :]


def _channels(side: float) -> list[int]:
    """Return the channels of two to four convolutions, twice as many after each halving."""
    count = min(max(round(math.log2(side / SMALLEST_SIDE)), 2), 4)
    first = 8 if side >= LARGE_SIDE else 16
    return [first << halvings for halvings in range(count)]


class Match(NamedTuple):
    """The preset that is closest to some settings, and the knobs in which they differ from it."""

    name: str
    changes: Mapping[str, Any]


def closest(settings: Config) -> Match:
    """Find the preset for the same images and seed that differs in the fewest knobs."""
    values, extent = settings.model_dump(), _extent(settings)
    kept = _kept(settings)
    matches = []
    for name in PRESETS:
        start = preset_for(extent, name, **kept).model_dump()
        changes = {knob: value for knob, value in values.items() if value != start[knob]}
        matches.append(Match(name, changes))
    return min(matches, key=lambda match: len(match.changes))


def adapt(settings: Config, **values: Any) -> Config:
    """Return settings with some knobs changed, and those that suited the former images adapted.

    What differs from the closest preset was chosen by the user and stays. The classes of another
    dataset are dropped.

    Parameters
    ----------
    settings : Config
    **values : int, float, bool or str
        The knobs to change; others follow only if these decide which images are trained on, or
        the kind of layers.

    Raises
    ------
    ConfigError
        If a value is invalid.
    """
    if not DECISIVE & values.keys():
        return settings.changed(**values)
    match, kept = closest(settings), _kept(settings)
    if values.get("dataset", settings.dataset) != settings.dataset:
        del kept["classes"]
    return preset(match.name, **{**kept, **match.changes, **values})


def _kept(settings: Config) -> dict[str, Any]:
    """Return what no preset sets: the images and the seed."""
    return settings.model_dump(
        include={"dataset", "train_size", "validation_images", "classes", "seed"}
    )
