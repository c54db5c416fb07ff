import pytest
import torch
from torch import Tensor, nn

from aecore.config import Config
from aecore.network.autoencoder import Autoencoder
from aecore.network.products import Linear, Products, has_onednn, multiplying

needs_onednn = pytest.mark.skipif(not has_onednn(), reason="this torch has no oneDNN products")


def gradients(model: nn.Module, x: Tensor, way: Products) -> list[Tensor]:
    with multiplying(way):
        loss = model(x).square().sum()
    return [*torch.autograd.grad(loss, [x, *model.parameters()])]


@needs_onednn
def test_onednn_gives_the_same_layer_and_gradients_but_for_rounding() -> None:
    layer, x = Linear(20, 7), torch.randn(5, 20, requires_grad=True)
    expected = layer(x)
    with multiplying(Products.ONEDNN):
        assert torch.allclose(layer(x), expected, atol=1e-5)
    for one, other in zip(
        gradients(layer, x, Products.ONEDNN), gradients(layer, x, Products.TORCH), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-4)


@needs_onednn
@pytest.mark.parametrize("tied", [False, True])
def test_onednn_gives_the_same_gradients_of_a_network(tied: bool) -> None:
    config = Config(hidden="12-8", bottleneck=4, tied=tied)
    model = Autoencoder((8, 8), config, generator=torch.Generator().manual_seed(0))
    x = torch.rand(16, 64, requires_grad=True)
    for one, other in zip(
        gradients(model, x, Products.ONEDNN), gradients(model, x, Products.TORCH), strict=True
    ):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-4)


@needs_onednn
def test_way_ends_with_its_context() -> None:
    layer, x = Linear(300, 200), torch.randn(64, 300)
    expected = layer(x)
    with multiplying(Products.ONEDNN), multiplying(Products.TORCH):
        assert torch.equal(layer(x), expected)
    with multiplying(Products.BFLOAT16):
        assert layer(x).dtype == torch.bfloat16
    assert torch.equal(layer(x), expected)
