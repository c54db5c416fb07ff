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
WEIGHED = (nn.Linear, TiedLinear, nn.Conv2d, nn.ConvTranspose2d)


def built(config: Config, shape: tuple[int, int]) -> list[int]:
    """Return how many numbers each layer of the real network gives, in the order of its work."""
    net = Autoencoder(shape, config, generator=generator(0, "weights"))
    found = [shape[0] * shape[1]]

    def hear(module: nn.Module, _: Any, output: Tensor) -> None:
        found.append(output[0].numel())

    beside = (net.path_in, net.path_out)
    for each in net.modules():
        if isinstance(each, WEIGHED) and not any(each is path for path in beside):
            each.register_forward_hook(hear)
    net(torch.zeros(1, shape[0] * shape[1]))
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PRESETS)
def test_they_are_those_of_the_network(name: str, shape: tuple[int, int]) -> None:
    config = preset(name)
    assert [each.units for each in layers(config, shape)] == built(config, shape)


@pytest.mark.parametrize(
    "values",
    [
        {"hidden": ""},
        {"hidden": "20-10-5", "tied": True},
        {"hidden": "4-5-6-7", "architecture": "convolutional"},
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_they_are_those_of_other_networks(values: dict[str, Any], shape: tuple[int, int]) -> None:
    config = Config(bottleneck=3, **values)
    assert [each.units for each in layers(config, shape)] == built(config, shape)


def test_the_activations_are_those_of_the_network() -> None:
    config = Config(hidden="6", activation="tanh", code_activation="relu", linear_path=False)
    net = Autoencoder((4, 4), config, generator=generator(0, "weights"))
    said = [each.activation for each in layers(config, (4, 4))]
    assert said == ["", "tanh", "relu", "tanh", "sigmoid"]
    real = [net.encoder[1], net.code_activation, net.decoder[0], net.output]
    assert [type(each) for each in real] == [type(ACTIVATIONS[name].build()) for name in said[1:]]


def test_convolutions_say_channels_height_and_width() -> None:
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
