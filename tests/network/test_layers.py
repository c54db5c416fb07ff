from typing import Any

import pytest
import torch
from torch import Tensor, nn

from aecore.choices.activation import ACTIVATIONS
from aecore.config import Config
from aecore.network.autoencoder import Autoencoder, TiedLinear
from aecore.network.layers import Layer, layers
from aecore.presets import PRESETS, preset
from aecore.training.seeding import generator

SHAPES = [(8, 8), (28, 28), (13, 9)]
WEIGHT_LAYERS = (nn.Linear, TiedLinear, nn.Conv2d, nn.ConvTranspose2d)


def network_units(config: Config, shape: tuple[int, int]) -> list[int]:
    """Return the output size of each layer of the real network, in forward order."""
    net = Autoencoder(shape, config, generator=generator(0, "weights"))
    units = [shape[0] * shape[1]]

    def record_units(module: nn.Module, _: Any, output: Tensor) -> None:
        units.append(output[0].numel())

    linear_paths = (net.path_in, net.path_out)
    for each in net.modules():
        if isinstance(each, WEIGHT_LAYERS) and not any(each is path for path in linear_paths):
            each.register_forward_hook(record_units)
    net(torch.zeros(1, shape[0] * shape[1]))
    return units


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PRESETS)
def test_layers_of_each_preset_match_the_network(name: str, shape: tuple[int, int]) -> None:
    config = preset(name)
    assert [each.units for each in layers(config, shape)] == network_units(config, shape)


@pytest.mark.parametrize(
    "values",
    [
        {"hidden": ""},
        {"hidden": "20-10-5", "tied": True},
        {"hidden": "4-5-6-7", "architecture": "convolutional"},
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_layers_of_other_settings_match_the_network(
    values: dict[str, Any], shape: tuple[int, int]
) -> None:
    config = Config(bottleneck=3, **values)
    assert [each.units for each in layers(config, shape)] == network_units(config, shape)


def test_activations_match_the_network() -> None:
    config = Config(hidden="6", activation="tanh", code_activation="relu", linear_path=False)
    net = Autoencoder((4, 4), config, generator=generator(0, "weights"))
    names = [each.activation for each in layers(config, (4, 4))]
    assert names == ["", "tanh", "relu", "tanh", "sigmoid"]
    modules = [net.encoder[1], net.code_activation, net.decoder[0], net.output]
    assert [type(each) for each in modules] == [
        type(ACTIVATIONS[name].build()) for name in names[1:]
    ]


def test_convolutional_layers_give_channels_height_and_width() -> None:
    config = Config(architecture="convolutional", hidden="16-32", bottleneck=5)
    assert layers(config, (28, 27)) == (
        Layer("image", (28, 27)),
        Layer("encoder", (16, 14, 14), "gelu"),
        Layer("encoder", (32, 7, 7), "gelu"),
        Layer("code", (5,), "linear"),
        Layer("decoder", (32, 7, 7), "gelu"),
        Layer("decoder", (16, 14, 14), "gelu"),
        Layer("reconstruction", (28, 27), "linear"),
    )
