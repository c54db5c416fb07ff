import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.network import resize
from aecore.network.autoencoder import Autoencoder, TiedLinear
from aecore.network.inference import error, tensor
from aecore.training.seeding import generator
from aecore.training.trainer import Trainer

Values = dict[str, Any]


def combinations() -> list[Values]:
    """List the settings of every kind of network."""
    result = []
    for architecture, tied, linear_path, code, kind in product(
        ["dense", "convolutional"],
        [False, True],
        [True, False],
        ["linear", "sigmoid", "tanh", "relu"],
        ["none", "top_k"],
    ):
        values: Values = {
            "architecture": architecture,
            "tied": tied,
            "linear_path": linear_path,
            "code_activation": code,
            "sparsity_kind": kind,
            "active_units": 3,
        }
        try:
            Config(**values)
        except LabError:
            continue
        result.append(values)
    return result


def network_id(values: Values) -> str:
    parts = ["tied"] * values["tied"] + ["path"] * values["linear_path"]
    kind, code = values["sparsity_kind"], values["code_activation"]
    return "-".join([values["architecture"], code, *parts, kind])


every_network = pytest.mark.parametrize("values", combinations(), ids=network_id)


def trained(dataset: Dataset, values: Values, steps: int = 12) -> Trainer:
    base = {"bottleneck": 5, "hidden": "10", "batch_size": 32, "precision": "float32"}
    trainer = Trainer(dataset, Config(**{**base, "schedule": "constant", **values}))
    for _ in range(steps):
        trainer.step()
    return trainer


def advance(trainer: Trainer, steps: int) -> None:
    for _ in range(steps):
        trainer.step()


def decoder_weights(net: Autoencoder, units: slice) -> Tensor:
    parts = [net.from_code.weight[:, units]]
    if net.path_out is not None:
        parts.append(net.path_out.weight[:, units])
    return torch.cat(parts).detach().clone()


@every_network
def test_growing_keeps_the_output_and_new_units_learn(small: Dataset, values: Values) -> None:
    trainer = trained(small, values)
    images = tensor(small.test_images)
    before = trainer.model(images).detach()
    trainer.change(bottleneck=9)
    assert trainer.model.bottleneck == 9
    assert trainer.model.encode(images).shape == (40, 9)
    assert (trainer.model(images) - before).abs().max() < 1e-5
    new = decoder_weights(trainer.model, slice(5, 9))
    advance(trainer, 20)
    assert all(each.isfinite().all() for each in trainer.model.parameters())
    if values["sparsity_kind"] != "top_k":
        moved = (decoder_weights(trainer.model, slice(5, 9)) - new).abs().amax(0)
        assert moved.min() > 1e-4


@every_network
def test_shrinking_keeps_the_error_low_and_training_continues(
    small: Dataset, values: Values
) -> None:
    trainer = trained(small, values, 40)
    fresh = trained(small, {**values, "bottleneck": 3}, 0)
    trainer.change(bottleneck=3)
    assert trainer.model.encode(tensor(small.test_images)).shape == (40, 3)
    after = error(trainer.model, small.test_images)
    # With a linear path the new network starts at PCA, which noise leaves little to learn beyond.
    assert after < 1.01 * error(fresh.model, small.test_images)
    advance(trainer, 40)
    assert error(trainer.model, small.test_images) < after * 1.02


@pytest.mark.parametrize("bottleneck", [3, 9])
def test_tied_weights_stay_tied(small: Dataset, bottleneck: int) -> None:
    trainer = trained(small, {"tied": True})
    trainer.change(bottleneck=bottleneck)
    advance(trainer, 5)
    net = trainer.model
    assert isinstance(net.from_code, TiedLinear)
    assert isinstance(net.path_out, TiedLinear)
    assert net.path_in is not None
    assert torch.equal(net.from_code.weight, net.to_code.weight.T)
    assert torch.equal(net.path_out.weight, net.path_in.weight.T)
    assert net.from_code.weight.shape == (10, bottleneck)


def test_growing_and_shrinking_back_keeps_the_function(small: Dataset) -> None:
    trainer = trained(small, {"linear_path": False})
    images = tensor(small.test_images)
    before = trainer.model(images).detach()
    trainer.change(bottleneck=9)
    trainer.change(bottleneck=5)
    assert (trainer.model(images) - before).abs().max() < 1e-4


def test_linear_code_of_lower_rank_is_narrowed_without_loss(small: Dataset) -> None:
    """A code of rank three needs only three units."""
    trainer = trained(small, {"linear_path": False})
    net, images = trainer.model, tensor(small.test_images)
    with torch.no_grad():
        net.to_code.weight[3] = net.to_code.weight[0] + net.to_code.weight[1]
        net.to_code.weight[4] = -2 * net.to_code.weight[2]
    before = net(images).detach()
    trainer.change(bottleneck=3)
    assert (trainer.model(images) - before).abs().max() < 1e-4


@pytest.mark.parametrize("kind", ["none", "top_k"])
def test_important_units_of_a_nonlinear_code_are_kept(small: Dataset, kind: str) -> None:
    values = {"linear_path": False, "code_activation": "sigmoid", "sparsity_kind": kind}
    trainer = trained(small, values)
    net = trainer.model
    with torch.no_grad():
        net.from_code.weight[:, [0, 3]] *= 1e-3
    codes = net.encode(tensor(small.test_images))
    trainer.change(bottleneck=3)
    kept = trainer.model.encode(tensor(small.test_images))
    assert torch.allclose(kept, codes[:, [1, 2, 4]])


def test_dropped_unit_is_replaced_by_its_mean(small: Dataset) -> None:
    trainer = trained(small, {"linear_path": False, "code_activation": "sigmoid"})
    net = trainer.model
    with torch.no_grad():
        net.to_code.weight[2] = 0
        net.to_code.bias[2] = 1.0
    images = tensor(small.test_images)
    before = net(images).detach()
    trainer.change(bottleneck=4)
    assert torch.allclose(trainer.model(images), before, atol=1e-5)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("bottleneck", [3, 9])
def test_optimizer_moments_are_carried_over(
    small: Dataset, bottleneck: int, tied: bool, optimizer: str
) -> None:
    trainer = trained(small, {"optimizer": optimizer, "tied": tied, "momentum": 0.9})
    before = trainer.state().tensors
    trainer.change(bottleneck=bottleneck)
    after = trainer.state().tensors
    moments = [each for each in after if each.startswith("optimizer/")]
    assert {each for each in before if each.startswith("optimizer/")} == set(moments)
    for each in moments:
        parameter = each.removeprefix("optimizer/").rsplit("/", 1)[0]
        if each.endswith("/step"):
            assert after[each] == before[each] == 12
        else:
            assert after[each].shape == after[f"model/{parameter}"].shape
            assert after[each].isfinite().all()
        if each.endswith("exp_avg_sq"):
            assert after[each].min() >= 0
    if optimizer == "adam":
        assert torch.equal(
            after["optimizer/encoder.0.weight/exp_avg"],
            before["optimizer/encoder.0.weight/exp_avg"],
        )


def test_existing_units_keep_their_moments_when_growing(small: Dataset) -> None:
    trainer = trained(small, {})
    key = "optimizer/to_code.weight/exp_avg"
    before = trainer.state().tensors[key]
    trainer.change(bottleneck=9)
    after = trainer.state().tensors[key]
    assert torch.equal(after[:5], before)
    assert not after[5:].any()


def test_training_continues_after_growing_under_l1(small: Dataset) -> None:
    trainer = trained(small, {"sparsity_kind": "l1", "sparsity": 1.0})
    trainer.change(bottleneck=9)
    advance(trainer, 20)
    assert trainer.history[-1]["train"] < 1


def test_weight_and_moment_maps_agree_with_the_chain_rule() -> None:
    draw = generator(0, "map")
    inward, outward = torch.rand(2, 3, generator=draw), torch.rand(3, 2, generator=draw)
    code_map = resize.CodeMap(inward, outward, torch.zeros(3))
    rows, columns = torch.rand(3, 4, generator=draw), torch.rand(4, 3, generator=draw)
    assert torch.equal(code_map.map_weight("to_code.weight", rows), inward @ rows)
    assert torch.equal(code_map.map_weight("from_code.weight", columns), columns @ outward)
    assert code_map.map_weight("encoder.0.weight", rows) is rows
    # A gradient of W' = inward W is mapped so that <dW', W'> = <outward' dW, inward W>.
    assert torch.equal(code_map.map_moment("to_code.weight", rows), outward.T @ rows)
    squared = code_map.map_moment("from_code.weight", columns, squared=True)
    assert torch.equal(squared, columns @ inward.T.square())


def test_refit_lowers_the_error_on_its_images(small: Dataset) -> None:
    trainer = trained(small, {"noise": 0.0}, 0)
    before = error(trainer.model, small.images)
    weights = {n: each.clone() for n, each in trainer.model.named_parameters()}
    resize.refit(trainer.model, tensor(small.images))
    assert error(trainer.model, small.images) < before
    moved = {n for n, each in trainer.model.named_parameters() if not each.equal(weights[n])}
    assert moved == {"path_out.weight", "path_out.bias", "decoder.1.weight"}


@pytest.mark.parametrize("values", [{"linear_path": False}, {"tied": True}])
def test_other_kinds_of_output_are_not_refitted(small: Dataset, values: Values) -> None:
    trainer = trained(small, values)
    weights = [each.clone() for each in trainer.model.parameters()]
    resize.refit(trainer.model, tensor(small.images))
    assert all(map(torch.equal, trainer.model.parameters(), weights))


REAL = Path(os.environ.get("AECORE_DATA", "/nowhere"))
PAIRS = [(64, 32), (32, 8), (16, 4)]


def narrowed_and_fresh(dataset: Dataset, wide: int, narrow: int, **values: Any) -> list[float]:
    """Return the error right after narrowing, and that of a new run after one epoch."""
    base = {"precision": "float32", "bottleneck": narrow, **values}
    fresh = Trainer(dataset, Config(**base))
    trainer = Trainer(dataset, Config(**{**base, "bottleneck": wide}))
    advance(fresh, fresh.steps_per_epoch)
    advance(trainer, 2 * trainer.steps_per_epoch)
    trainer.change(bottleneck=narrow)
    return [error(each.model, dataset.test_images[:1000]) for each in (trainer, fresh)]


@pytest.mark.parametrize("linear_path", [True, False])
@pytest.mark.parametrize(("wide", "narrow"), PAIRS)
def test_narrowing_beats_one_epoch_of_a_new_run(
    digits: Dataset, wide: int, narrow: int, linear_path: bool
) -> None:
    values = {"batch_size": 32, "epochs": 20, "linear_path": linear_path, "hidden": "128-64"}
    after, fresh = narrowed_and_fresh(digits, wide, narrow, **values)
    assert after < fresh


@pytest.mark.skipif("mnist" not in data.available(REAL), reason="AECORE_DATA contains no MNIST")
@pytest.mark.parametrize(("wide", "narrow"), PAIRS)
def test_narrowing_is_worth_an_epoch_of_a_new_run_on_mnist(wide: int, narrow: int) -> None:
    mnist = data.load("mnist", root=REAL)
    values = {"train_size": 6000, "hidden": "128-64", "batch_size": 128}
    after, fresh = narrowed_and_fresh(mnist, wide, narrow, **values, epochs=8)
    assert after < 1.05 * fresh
