from pathlib import Path

import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.network.products import Products, has_onednn
from aecore.training import trainer
from aecore.training.checkpoint import State
from aecore.training.machine import precision
from aecore.training.machine.precision import fastest_float32, products
from aecore.training.trainer import Trainer
from tests.support import advance, same


def test_explicit_precision_is_used() -> None:
    assert products("bfloat16") is Products.BFLOAT16
    assert products("float32") in (Products.TORCH, Products.ONEDNN)
    assert products("float32") is fastest_float32()


@pytest.mark.parametrize("capability", ["avx512_bf16", "amx_bf16"])
def test_auto_depends_on_the_capabilities_of_the_cpu(
    capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: True})
    assert products("auto") is Products.BFLOAT16
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {capability: False, "avx2": True})
    assert products("auto") is fastest_float32()
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert products("auto") is fastest_float32()


@pytest.mark.parametrize(
    ("torch_seconds", "onednn_seconds", "expected"),
    [(2.0, 1.0, Products.ONEDNN), (1.1, 1.0, Products.TORCH), (1.0, 2.0, Products.TORCH)],
)
def test_onednn_is_used_where_it_is_clearly_faster(
    torch_seconds: float,
    onednn_seconds: float,
    expected: Products,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = {Products.TORCH: torch_seconds, Products.ONEDNN: onednn_seconds}
    monkeypatch.setattr(precision, "_seconds", lambda layer, x, way: seconds[way])
    assert precision._measure_float32() is expected


def test_measurement_is_noted_for_later_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = iter([Products.ONEDNN, Products.TORCH, Products.TORCH])
    monkeypatch.setattr(precision, "has_onednn", lambda: True)
    monkeypatch.setattr(precision, "user_cache", lambda: tmp_path / "new")
    monkeypatch.setattr(precision, "_measure_float32", lambda: next(ways))
    choose = precision._fastest_float32.__wrapped__
    assert choose(1) is Products.ONEDNN
    assert choose(1) is Products.ONEDNN
    assert choose(2) is Products.TORCH
    (note, _) = sorted((tmp_path / "new" / "products").iterdir())
    note.write_text("something else")
    assert choose(1) is Products.TORCH
    monkeypatch.setattr(precision, "user_cache", lambda: Path("/proc/none"))
    monkeypatch.setattr(precision, "_measure_float32", lambda: Products.ONEDNN)
    assert choose(1) is Products.ONEDNN


def test_torch_is_used_where_onednn_cannot_be_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_onednn", lambda: False)
    assert precision._fastest_float32.__wrapped__(1) is Products.TORCH


@pytest.mark.skipif(not has_onednn(), reason="this torch has no oneDNN products")
def test_run_resumes_with_the_products_it_began_with(
    small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    float32 = quick.changed(precision="float32")
    monkeypatch.setattr(precision, "fastest_float32", lambda _="cpu": Products.ONEDNN)
    monkeypatch.setattr(trainer, "fastest_float32", lambda _="cpu": Products.ONEDNN)
    one = Trainer(small, float32)
    advance(one, 3)
    state = one.state()
    assert state.facts["products"] == state.facts["validation_products"] == "onednn"
    monkeypatch.setattr(precision, "fastest_float32", lambda _="cpu": Products.TORCH)
    monkeypatch.setattr(trainer, "fastest_float32", lambda _="cpu": Products.TORCH)
    other = Trainer(small, float32, state=state)
    for each in (one, other):
        advance(each, 4)
    same(one, other)


def test_early_runs_resume_with_the_products_they_had(
    small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Trainer(small, quick.changed(precision="float32"))
    advance(one, 3)
    state = one.state()
    facts = {name: fact for name, fact in state.facts.items() if "products" not in name}
    monkeypatch.setattr(precision, "fastest_float32", lambda _="cpu": Products.ONEDNN)
    monkeypatch.setattr(trainer, "fastest_float32", lambda _="cpu": Products.ONEDNN)
    early = Trainer(small, quick, state=State(state.tensors, facts, state.history))
    assert early.state().facts["products"] == "torch"
    assert early.state().facts["validation_products"] == "torch"
