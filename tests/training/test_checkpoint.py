import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import TypeAdapter
from safetensors.torch import load_file, save_file
from torch import Tensor

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.files import read_json, write, write_json
from aecore.training import checkpoint
from aecore.training.checkpoint import State
from aecore.training.trainer import Trainer
from tests.support import advance

ANYTHING: TypeAdapter[object] = TypeAdapter(object)
WEIGHTS = "model/to_code.weight"


@pytest.fixture
def trainer(small: Dataset, quick: Config) -> Trainer:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    trainer.change(noise=0.5)
    advance(trainer, 4)
    return trainer


@pytest.fixture
def state(trainer: Trainer) -> State:
    return trainer.state()


def edit_facts(folder: Path, **values: object) -> None:
    path = folder / "state.json"
    content = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({n: v for n, v in content.items() if v is not ...}))


def edit_tensors(folder: Path, tensors: Mapping[str, Tensor | None]) -> None:
    (path,) = folder.glob("*.safetensors")
    content = {**load_file(path), **tensors}
    save_file({n: each for n, each in content.items() if each is not None}, path)


def test_file_is_replaced_atomically(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write(path, b"old")

    def crash(self: Path, target: Path) -> Path:
        assert self.read_bytes() == b"new"
        raise OSError("the power went off")

    monkeypatch.setattr(Path, "replace", crash)
    for durable in (False, True):
        with pytest.raises(OSError, match="power"):
            write(path, b"new", durable=durable)
        assert path.read_bytes() == b"old"
    monkeypatch.undo()
    write(path, b"new", durable=True)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_leftover_part_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"a long part of an earlier attempt")
    write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not (tmp_path / "file.part").exists()


def test_json_is_human_readable(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"name": "Ünï", "step": 3})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text == '{\n "name": "Ünï",\n "step": 3\n}\n'
    assert read_json(tmp_path / "x.json", ANYTHING) == {"name": "Ünï", "step": 3}


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'{"a": 1,}'])
def test_invalid_json_is_rejected(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.json").write_bytes(text)
    with pytest.raises(LabError, match=r"x\.json is not valid JSON"):
        read_json(tmp_path / "x.json", ANYTHING)


def test_missing_json_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Incomplete run: .*x\.json is missing"):
        read_json(tmp_path / "x.json", ANYTHING)


def test_saved_checkpoint_can_be_loaded(tmp_path: Path, state: State) -> None:
    checkpoint.save(state, tmp_path / "checkpoint")
    loaded = checkpoint.load(tmp_path / "checkpoint")
    assert {**loaded.facts, "tensors": None} == {**state.facts, "tensors": None}
    assert set(loaded.tensors) == set(state.tensors)
    for name, value in state.tensors.items():
        assert torch.equal(loaded.tensors[name], value)
        assert loaded.tensors[name].dtype == value.dtype


def test_only_the_newest_tensors_are_kept(tmp_path: Path, trainer: Trainer) -> None:
    checkpoint.save(trainer.state(), tmp_path)
    (tmp_path / "000000003.safetensors.part").write_bytes(b"left by a crash")
    trainer.step()
    checkpoint.save(trainer.state(), tmp_path)
    assert len(list(tmp_path.glob("*.safetensors*"))) == 1
    weights = dict(trainer.model.named_parameters())["to_code.weight"]
    assert torch.equal(checkpoint.load(tmp_path).tensors[WEIGHTS], weights)


@pytest.mark.parametrize("step", [7, 8])
def test_crash_between_tensors_and_json_keeps_the_old_checkpoint(
    tmp_path: Path, state: State, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cover a second save at the same step: the bottleneck can change between two steps."""
    checkpoint.save(state, tmp_path)

    def crash(*args: object, **kwargs: object) -> None:
        raise OSError("the power went off")

    monkeypatch.setattr(checkpoint, "write_json", crash)
    changed = {**state.tensors, WEIGHTS: torch.zeros_like(state.tensors[WEIGHTS])}
    with pytest.raises(OSError, match="power"):
        checkpoint.save(State(changed, {**state.facts, "step": step}), tmp_path)
    loaded = checkpoint.load(tmp_path)
    assert loaded.facts["step"] == 7
    assert torch.equal(loaded.tensors[WEIGHTS], state.tensors[WEIGHTS])


def test_tensors_are_removed_if_the_json_does_not_fit(
    tmp_path: Path, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint.save(state, tmp_path)
    files = sorted(tmp_path.iterdir())

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(checkpoint, "write_json", fail)
    for each in (state, State({"c": torch.zeros(3)}, {**state.facts, "step": 8})):
        with pytest.raises(OSError, match="No space"):
            checkpoint.save(each, tmp_path)
        assert sorted(tmp_path.iterdir()) == files
    assert checkpoint.load(tmp_path).facts["step"] == 7


def test_missing_checkpoint_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="is missing"):
        checkpoint.load(tmp_path)


def test_damaged_tensors_are_rejected(tmp_path: Path, state: State) -> None:
    checkpoint.save(state, tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    content = path.read_bytes()
    for damaged in (b"", content[:30], content[:-3], b"\x00" * len(content)):
        path.write_bytes(damaged)
        with pytest.raises(LabError, match=r"safetensors cannot be read"):
            checkpoint.load(tmp_path)
    path.unlink()
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize("content", ["[]", "3", "null", "{}", '{"step": 3}'])
def test_content_that_is_no_state_is_rejected(tmp_path: Path, state: State, content: str) -> None:
    checkpoint.save(state, tmp_path)
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(LabError, match=r"state\.json is damaged"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", ...),
        ("step", "7"),
        ("step", 7.0),
        ("step", -1),
        ("step", 10**400),
        ("batches", None),
        ("images", [120, 6]),
        ("images", [120, 6, 0]),
        ("edits", [{"step": 3}]),
        ("edits", [{"step": 3, "changes": {"noise": [0.1]}}]),
        ("edits", [{"step": 3, "changes": {"__class__": [0, 1]}}]),
        ("edits", [{"step": 3, "changes": {"noise": [0.1, float("inf")]}}]),
        ("config", {"hidden": ["8"]}),
        ("fingerprint", 3),
        ("tensors", 5),
        ("tensors", "../secret.safetensors"),
    ],
)
def test_invalid_facts_are_rejected(tmp_path: Path, state: State, name: str, value: object) -> None:
    checkpoint.save(state, tmp_path)
    edit_facts(tmp_path, **{name: value})
    with pytest.raises(LabError, match=rf"state\.json is damaged at {name}"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bottleneck": 0}, "bottleneck is 0"),
        ({"bottleneck": 5}, "should be F32 of shape"),
        ({"hidden": "4096-4096-4096-4096"}, "is missing|should be F32 of shape"),
        ({"tied": True}, "does not belong in it"),
    ],
)
def test_settings_of_another_network_are_rejected(
    tmp_path: Path, state: State, settings: dict[str, Any], message: str
) -> None:
    checkpoint.save(state, tmp_path)
    edit_facts(tmp_path, config={**state.facts["config"], **settings})
    with pytest.raises(LabError, match=message):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        (WEIGHTS, None, "is missing"),
        (WEIGHTS, torch.zeros(4, 11), "should be F32 of shape"),
        (WEIGHTS, torch.zeros(4, 12, dtype=torch.float64), "should be F32 of shape"),
        (WEIGHTS, torch.full((4, 12), torch.nan), "values that are infinite or no numbers"),
        ("squares", torch.tensor(torch.inf), "values that are infinite or no numbers"),
        ("squares", torch.zeros(1), "should be F32 of shape"),
        ("points", torch.zeros(160, 3), "should be F32 of shape"),
        ("points", torch.zeros(()), "should be F32 of shape"),
        ("points", torch.zeros(2001, 2), "should be F32 of shape"),
        ("optimizer/to_code.weight/step", torch.zeros(4, 12), "should be F32 of shape"),
        ("optimizer/to_code.weight/exp_avg", torch.zeros(()), "should be F32 of shape"),
        ("optimizer/to_code.weight/other", torch.zeros(4, 12), "does not belong in it"),
        ("model/other", torch.zeros(1), "does not belong in it"),
    ],
)
def test_invalid_tensors_are_rejected(
    tmp_path: Path, state: State, name: str, tensor: Tensor | None, message: str
) -> None:
    checkpoint.save(state, tmp_path)
    edit_tensors(tmp_path, {name: tensor})
    with pytest.raises(LabError, match=message):
        checkpoint.load(tmp_path)


def test_tensors_outside_the_checkpoint_are_not_loaded(tmp_path: Path, state: State) -> None:
    checkpoint.save(state, tmp_path / "secret")
    checkpoint.save(state, tmp_path / "checkpoint")
    name = next((tmp_path / "secret").glob("*.safetensors")).name
    edit_facts(tmp_path / "checkpoint", tensors=f"../secret/{name}")
    with pytest.raises(LabError, match="is damaged at tensors"):
        checkpoint.load(tmp_path / "checkpoint")
