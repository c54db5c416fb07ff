from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from aecore.config import Config
from aecore.network.autoencoder import Autoencoder, keep_top_k
from aecore.network.products import Products
from aecore.training import optimizer
from aecore.training.objective import layer_loss, loss, penalty
from aecore.training.seeding import generator

IMAGES = torch.rand(16, 20, generator=generator(0, "images"))
PLAIN: dict[str, Any] = {"linear_path": False, "hidden": "12-8", "bottleneck": 6}


def model(**values: Any) -> tuple[Autoencoder, Config]:
    config = Config(**{**PLAIN, **values})
    return Autoencoder((4, 5), config, generator=generator(0, "weights")), config


@pytest.mark.parametrize("linear_path", [True, False])
def test_l1_cannot_be_escaped_by_rescaling(linear_path: bool) -> None:
    net, config = model(linear_path=linear_path, sparsity=1.0)
    before = penalty(net.encode(IMAGES), net.decoder_scale(), config)
    reconstruction = net(IMAGES)
    with torch.no_grad():
        for name, each in net.named_parameters():
            if name.startswith(("to_code", "path_in")):
                each.mul_(0.1)
            elif name in ("from_code.weight", "path_out.weight"):
                each.mul_(10)
    assert torch.allclose(net(IMAGES), reconstruction, atol=1e-5)
    after = penalty(net.encode(IMAGES), net.decoder_scale(), config)
    assert after.item() == pytest.approx(before.item(), rel=1e-4)
    assert before > 0


@pytest.mark.parametrize(
    "values", [{"sparsity": 0.0}, {"sparsity_kind": "none"}, {"sparsity_kind": "top_k"}]
)
def test_penalty_is_zero_at_strength_0_and_for_none_and_top_k(values: dict[str, Any]) -> None:
    config = Config(**{**PLAIN, "sparsity": 1.0, **values})
    assert penalty(torch.ones(2, 6), torch.ones(6), config).item() == 0


def test_penalty_is_proportional_to_its_strength() -> None:
    single, double = (
        penalty(torch.ones(2, 6), torch.ones(6), Config(sparsity=strength)) for strength in (1, 2)
    )
    assert double.item() == pytest.approx(2 * single.item())


def test_top_k_keeps_the_units_of_largest_magnitude() -> None:
    codes = torch.tensor([[1.0, -5.0, 3.0, 0.5], [0.1, 0.2, 0.3, -0.4]])
    expected = torch.tensor([[0.0, -5.0, 3.0, 0.0], [0.0, 0.0, 0.3, -0.4]])
    assert torch.equal(keep_top_k(codes, 2), expected)
    assert torch.equal(keep_top_k(codes, 4), codes)
    assert torch.equal(keep_top_k(codes, 9), codes)


def test_top_k_keeps_exactly_k_units_despite_ties() -> None:
    assert (keep_top_k(torch.ones(3, 8), 5) != 0).sum(1).tolist() == [5, 5, 5]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"loss": "bce"},
        {"sparsity": 1.0},
        {"sparsity": 1.0, "sparsity_kind": "kl", "code_activation": "sigmoid"},
        {"linear_path": True, "sparsity": 1.0},
        {"linear_path": True, "tied": True},
        {"tied": True},
        {"architecture": "convolutional"},
        {"architecture": "convolutional", "linear_path": True},
    ],
)
def test_gradient_reaches_every_weight(values: dict[str, Any]) -> None:
    net, config = model(**values)
    # The linear path acts alone until the weights of the last layers have moved from zero.
    start = loss(net, IMAGES, IMAGES, config).total
    optimizer.Stepper(net).step(start, config, 0.01)
    loss(net, IMAGES, IMAGES, config).total.backward()  # type: ignore[no-untyped-call]
    for name, each in net.named_parameters():
        assert each.grad is not None, name
        assert each.grad.isfinite().all(), name
        assert each.grad.abs().sum() > 0, name


def test_units_set_to_zero_by_top_k_get_no_gradient() -> None:
    net, config = model(sparsity_kind="top_k", active_units=1)
    loss(net, IMAGES[:1], IMAGES[:1], config).total.backward()  # type: ignore[no-untyped-call]
    assert net.to_code.weight.grad is not None
    assert (net.to_code.weight.grad.abs().sum(1) > 0).sum() == 1


def test_penalty_raises_the_total_loss_but_not_the_squared_error() -> None:
    net, config = model(sparsity=10.0)
    penalised = loss(net, IMAGES, IMAGES, config)
    plain = loss(net, IMAGES, IMAGES, config.changed(sparsity=0.0))
    assert penalised.total > plain.total
    assert torch.equal(penalised.squares, plain.squares)


def test_unit_with_zero_decoder_weights_has_finite_gradient_under_l1() -> None:
    net, config = model(linear_path=True, sparsity=1.0)
    with torch.no_grad():
        net.from_code.weight[:, 2] = 0
        assert net.path_out is not None
        net.path_out.weight[:, 2] = 0
    loss(net, IMAGES, IMAGES, config).total.backward()  # type: ignore[no-untyped-call]
    assert all(each.grad is not None and each.grad.isfinite().all() for each in net.parameters())


def test_squared_error_is_reported_for_any_loss() -> None:
    net, config = model(loss="bce")
    result = loss(net, IMAGES, IMAGES, config)
    assert result.squares.item() == pytest.approx((net(IMAGES) - IMAGES).square().mean().item())
    assert not result.squares.requires_grad


def test_target_is_the_clean_image() -> None:
    net, config = model()
    corrupted = torch.zeros_like(IMAGES)
    total = loss(net, IMAGES, corrupted, config).total.item()
    assert total == pytest.approx((net(corrupted) - IMAGES).square().mean().item())


def test_bfloat16_gives_nearly_the_same_loss() -> None:
    net, config = model()
    ways = (Products.TORCH, Products.BFLOAT16)
    full, half = (loss(net, IMAGES, IMAGES, config, products=way).total for way in ways)
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(full.item(), rel=0.02)


def parameters_with_gradient(net: Autoencoder, total: Tensor) -> set[str]:
    total.backward()  # type: ignore[no-untyped-call]
    return {name for name, each in net.named_parameters() if each.grad is not None}


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    ("layer", "encoder", "decoder"),
    [(1, "encoder.0", "decoder.3"), (2, "encoder.2", "decoder.1"), (3, "to_code", "from_code")],
)
def test_layer_loss_trains_only_the_layer_and_its_mirror(
    layer: int, encoder: str, decoder: str, tied: bool
) -> None:
    net, config = model(tied=tied)
    names = parameters_with_gradient(net, layer_loss(net, layer, IMAGES, IMAGES, config).total)
    expected = {f"{encoder}.weight", f"{encoder}.bias", f"{decoder}.bias"}
    assert names == (expected if tied else expected | {f"{decoder}.weight"})


@pytest.mark.parametrize("loss_name", ["mse", "bce"])
def test_every_layer_learns_to_reconstruct_its_input(loss_name: str) -> None:
    net, config = model(loss=loss_name)
    for layer in (1, 2, 3):
        optimizer = torch.optim.Adam(net.parameters(), 0.01)
        errors = []
        for _ in range(40):
            optimizer.zero_grad()
            result = layer_loss(net, layer, IMAGES, IMAGES, config)
            result.total.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            errors.append(result.squares.item())
        assert errors[-1] < 0.9 * errors[0]


def test_without_hidden_layers_the_code_is_the_only_layer() -> None:
    net, config = model(hidden="")
    names = parameters_with_gradient(net, layer_loss(net, 1, IMAGES, IMAGES, config).total)
    assert names == {"to_code.weight", "to_code.bias", "from_code.weight", "from_code.bias"}


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_cross_entropy_reaches_the_weights_of_a_saturated_network(architecture: str) -> None:
    net, config = model(loss="bce", architecture=architecture)
    last = [each for each in (net.from_code, *net.decoder) if hasattr(each, "bias")][-1]
    with torch.no_grad():
        # The sigmoid of 8 is 1 in bfloat16.
        last.bias.fill_(8)
    result = loss(net, torch.zeros_like(IMAGES), IMAGES, config, products=Products.BFLOAT16)
    (gradient,) = torch.autograd.grad(result.total, [last.bias])
    assert result.total.item() == pytest.approx(8, abs=1)
    assert (gradient > 0).all()


def test_pretraining_of_the_first_layer_reads_logits_too() -> None:
    net, config = model(loss="bce")
    whole = layer_loss(net, 1, IMAGES, IMAGES, config)
    below, encode, mirror = net.layer(1)
    logits = mirror(encode(below(IMAGES)))
    expected = functional.binary_cross_entropy(logits.sigmoid(), IMAGES)
    assert whole.total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert whole.squares.item() == pytest.approx((logits.sigmoid() - IMAGES).square().mean().item())


def test_l1_means_the_same_for_images_of_any_size() -> None:
    """Enlarge images, and a network with them, so that codes and weights mean the same."""
    small, config = model(sparsity=1.0, hidden="", code_activation="relu")
    large = Autoencoder((8, 10), config, generator=generator(0, "weights"))

    def enlarged(rows: Tensor) -> Tensor:
        return rows.reshape(-1, 4, 5).repeat_interleave(2, 1).repeat_interleave(2, 2).flatten(1)

    with torch.no_grad():
        large.to_code.weight.copy_(enlarged(small.to_code.weight) / 4)
        large.to_code.bias.copy_(small.to_code.bias)
        large.from_code.weight.copy_(enlarged(small.from_code.weight.T).T)
        large.from_code.bias.copy_(enlarged(small.from_code.bias)[0])
    one = loss(small, IMAGES, IMAGES, config)
    other = loss(large, enlarged(IMAGES), enlarged(IMAGES), config)
    assert torch.allclose(large.encode(enlarged(IMAGES)), small.encode(IMAGES), atol=1e-5)
    assert other.squares.item() == pytest.approx(one.squares.item(), rel=1e-4)
    assert other.total.item() == pytest.approx(one.total.item(), rel=1e-4)
