from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from aecore.config import Config
from aecore.data import Dataset
from aecore.metrics.pca import pca
from aecore.network.autoencoder import Autoencoder, is_decoder_parameter
from aecore.network.inference import tensor
from aecore.training.seeding import generator

SHAPES = [(8, 8), (28, 28), (13, 9), (1, 7)]


def build(shape: tuple[int, int], **values: Any) -> Autoencoder:
    config = Config(**{"hidden": "12-8", "bottleneck": 3, **values})
    return Autoencoder(shape, config, generator=generator(0, "weights"))


def images(shape: tuple[int, int], count: int = 5) -> Tensor:
    return torch.rand(count, shape[0] * shape[1], generator=generator(0, "images"))


def numpy_state() -> str:
    """Return the state of NumPy's global generator."""
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_shapes_of_code_and_reconstruction(
    shape: tuple[int, int], architecture: str, linear_path: bool
) -> None:
    net = build(shape, architecture=architecture, linear_path=linear_path)
    x = images(shape)
    codes = net.encode(x)
    assert codes.shape == (5, 3)
    assert net.decode(codes).shape == x.shape
    assert torch.equal(net(x), net.decode(codes))
    if not linear_path:
        assert net(x).min() >= 0
        assert net(x).max() <= 1


@pytest.mark.parametrize("hidden", ["8", "8-6-5-4"])
def test_convolutional_network_of_any_depth(hidden: str) -> None:
    net = build((13, 9), architecture="convolutional", hidden=hidden)
    assert net(images((13, 9))).shape == (5, 117)


def test_dense_decoder_mirrors_the_encoder() -> None:
    net = build((4, 5), linear_path=False)
    shapes = [tuple(each.shape) for name, each in net.named_parameters() if "weight" in name]
    assert shapes == [(12, 20), (8, 12), (12, 8), (20, 12), (3, 8), (8, 3)]


def test_network_without_hidden_layers() -> None:
    net = build((4, 5), hidden="", linear_path=False)
    x = images((4, 5))
    expected = torch.sigmoid(net.from_code(net.to_code(x)))
    assert torch.allclose(net(x), expected)


def test_tied_weights_are_shared_and_counted_once() -> None:
    net = build((4, 5), tied=True)
    free = build((4, 5))
    weights = 20 * 12 + 12 * 8 + 8 * 3 + 20 * 3
    biases = (12 + 8 + 3 + 8 + 12 + 20) + (3 + 20)
    assert sum(each.numel() for each in net.parameters()) == weights + biases
    assert sum(each.numel() for each in free.parameters()) == 2 * weights + biases
    with torch.no_grad():
        net.to_code.weight[1, 2] = 7.0
    assert net.from_code.weight[2, 1] == 7.0
    assert set(net.state_dict()) == set(dict(net.named_parameters()))


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_overcomplete_code(architecture: str, linear_path: bool) -> None:
    net = build((4, 5), bottleneck=50, architecture=architecture, linear_path=linear_path)
    assert net.encode(images((4, 5))).shape == (5, 50)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "gelu"])
@pytest.mark.parametrize("code_activation", ["linear", "sigmoid", "tanh", "relu"])
def test_code_is_in_the_range_of_its_activation(activation: str, code_activation: str) -> None:
    net = build((4, 5), activation=activation, code_activation=code_activation, linear_path=False)
    with torch.no_grad():
        net.to_code.weight.mul_(10)
    codes = net.encode(images((4, 5), 200))
    low, high = {"linear": (-99, 99), "sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 99)}[
        code_activation
    ]
    assert low <= codes.min() < codes.max() <= high
    assert (codes.min() < 0) == (code_activation in ("linear", "tanh"))


def test_top_k_sets_all_other_units_to_zero() -> None:
    net = build((4, 5), bottleneck=9, sparsity_kind="top_k", active_units=4)
    assert (net.encode(images((4, 5))) != 0).sum(1).tolist() == [4] * 5


@pytest.mark.parametrize(
    "values", [{}, {"tied": True}, {"architecture": "convolutional"}, {"linear_path": False}]
)
def test_only_the_given_generator_is_used(values: dict[str, Any]) -> None:
    before, numpy_before = torch.get_rng_state(), numpy_state()
    torch.manual_seed(1)
    first = build((8, 8), **values)
    torch.manual_seed(2)
    second = build((8, 8), **values)
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
        assert a.isfinite().all()
    torch.set_rng_state(before)
    build((8, 8), **values)
    assert torch.equal(torch.get_rng_state(), before)
    assert numpy_state() == numpy_before


def keep_only_linear_path(net: Autoencoder) -> None:
    """Set all weights outside the linear path to zero."""
    with torch.no_grad():
        for name, each in net.named_parameters():
            if not name.startswith("path"):
                each.zero_()


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("bottleneck", [1, 8, 64, 100])
def test_linear_path_alone_is_pca(digits: Dataset, bottleneck: int, tied: bool) -> None:
    components = pca(digits.images)
    net = build(digits.shape, bottleneck=bottleneck, tied=tied)
    net.set_linear_path(components.mean, components.components)
    keep_only_linear_path(net)
    reconstruction = net(tensor(digits.test_images)).detach().numpy()
    expected = components.reconstruct(digits.test_images, bottleneck)
    assert np.abs(reconstruction - expected).max() < 2e-6
    error = float(np.square(reconstruction - tensor(digits.test_images).numpy()).mean())
    assert error == pytest.approx(components.error(digits.test_images, bottleneck), abs=1e-6)


@pytest.mark.parametrize("activation", ["gelu", "sigmoid"])
@pytest.mark.parametrize(
    ("architecture", "tied"), [("dense", False), ("dense", True), ("convolutional", False)]
)
@pytest.mark.parametrize("hidden", ["32-16", ""])
def test_whole_network_starts_at_pca(
    digits: Dataset, hidden: str, architecture: str, tied: bool, activation: str
) -> None:
    components = pca(digits.images)
    hidden = hidden or ("" if architecture == "dense" else "4")
    net = build(
        digits.shape,
        bottleneck=8,
        architecture=architecture,
        tied=tied,
        hidden=hidden,
        activation=activation,
    )
    net.set_linear_path(components.mean, components.components)
    x = tensor(digits.test_images)
    error = (net(x) - x).square().mean().item()
    assert error == pytest.approx(components.error(digits.test_images, 8), rel=1e-5)


def test_units_beyond_the_number_of_pixels_start_at_zero(digits: Dataset) -> None:
    components = pca(digits.images)
    net = build(digits.shape, bottleneck=100)
    net.set_linear_path(components.mean, components.components)
    keep_only_linear_path(net)
    assert not net.encode(tensor(digits.test_images))[:, 64:].any()


def test_decoder_scale_is_the_norm_of_the_decoder_weights() -> None:
    net = build((4, 5))
    assert net.path_out is not None
    weights = torch.cat([net.from_code.weight, net.path_out.weight])
    relative = (28 * 28 / (4 * 5)) ** 0.5
    assert torch.allclose(net.decoder_scale(), relative * weights.norm(dim=0))


def test_composed_layers_equal_the_network() -> None:
    net = build((4, 5), linear_path=False)
    x = images((4, 5))
    (_, encode1, decode1), (_, encode2, decode2), (below, encode3, decode3) = (
        net.layer(n) for n in (1, 2, 3)
    )
    assert torch.equal(below(x), encode2(encode1(x)))
    assert torch.allclose(net.encode(x), encode3(encode2(encode1(x))))
    assert torch.allclose(net(x), net.output(decode1(decode2(decode3(net.encode(x))))))


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize(
    ("architecture", "tied"), [("dense", False), ("dense", True), ("convolutional", False)]
)
def test_decoder_parameters_are_those_that_decoding_uses(
    architecture: str, tied: bool, linear_path: bool
) -> None:
    net = build((8, 8), architecture=architecture, tied=tied, linear_path=linear_path)
    net.decode(torch.ones(1, 3)).sum().backward()  # type: ignore[no-untyped-call]
    used = {name for name, each in net.named_parameters() if each.grad is not None}
    names = dict(net.named_parameters())
    assert used == {name for name in names if is_decoder_parameter(name, tied=tied)}
