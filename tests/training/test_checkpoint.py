import json
from pathlib import Path

import pytest
import torch

from aecore.errors import LabError
from aecore.files import read_json, write, write_json
from aecore.training import checkpoint
from aecore.training.checkpoint import State


@pytest.fixture
def state() -> State:
    facts = {"step": 7, "config": {"noise": 0.5}, "edits": [], "name": "Ünï"}
    return State({"a/b": torch.arange(6.0).reshape(2, 3), "c": torch.tensor(4)}, facts)


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
    assert read_json(tmp_path / "x.json") == {"name": "Ünï", "step": 3}


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'{"a": 1,}'])
def test_invalid_json_is_rejected(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.json").write_bytes(text)
    with pytest.raises(LabError, match=r"x\.json is not valid JSON"):
        read_json(tmp_path / "x.json")


def test_missing_json_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Incomplete run: .*x\.json is missing"):
        read_json(tmp_path / "x.json")


def test_saved_checkpoint_can_be_loaded(tmp_path: Path, state: State) -> None:
    checkpoint.save(state, tmp_path / "checkpoint")
    loaded = checkpoint.load(tmp_path / "checkpoint")
    assert {**loaded.facts, "tensors": None} == {**state.facts, "tensors": None}
    assert set(loaded.tensors) == {"a/b", "c"}
    for name, value in state.tensors.items():
        assert torch.equal(loaded.tensors[name], value)
        assert loaded.tensors[name].dtype == value.dtype


def test_only_the_newest_tensors_are_kept(tmp_path: Path, state: State) -> None:
    checkpoint.save(state, tmp_path)
    (tmp_path / "000000003.safetensors.part").write_bytes(b"left by a crash")
    checkpoint.save(State({"c": torch.tensor(5)}, {"step": 9}), tmp_path)
    assert len(list(tmp_path.glob("*.safetensors*"))) == 1
    assert checkpoint.load(tmp_path).tensors["c"] == 5


@pytest.mark.parametrize("step", [7, 8])
def test_crash_between_tensors_and_json_keeps_the_old_checkpoint(
    tmp_path: Path, state: State, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cover a second save at the same step: the bottleneck can change between two steps."""
    checkpoint.save(state, tmp_path)

    def crash(*args: object, **kwargs: object) -> None:
        raise OSError("the power went off")

    monkeypatch.setattr(checkpoint, "write_json", crash)
    with pytest.raises(OSError, match="power"):
        checkpoint.save(State({"c": torch.zeros(3)}, {**state.facts, "step": step}), tmp_path)
    loaded = checkpoint.load(tmp_path)
    assert loaded.facts["step"] == 7
    assert torch.equal(loaded.tensors["a/b"], state.tensors["a/b"])


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
        with pytest.raises(LabError, match=r"checkpoint .*safetensors cannot be read"):
            checkpoint.load(tmp_path)
    path.unlink()
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize("facts", [[], 3, None, {}, {"step": 3}, {"tensors": 5}, {"step": "x"}])
def test_hand_edited_facts_are_rejected(tmp_path: Path, state: State, facts: object) -> None:
    checkpoint.save(state, tmp_path)
    name = next(tmp_path.glob("*.safetensors")).name
    if isinstance(facts, dict) and facts.get("step") == "x":
        facts = {**facts, "tensors": name}
    (tmp_path / "state.json").write_text(json.dumps(facts))
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path)


def test_tensors_outside_the_checkpoint_are_not_loaded(tmp_path: Path, state: State) -> None:
    checkpoint.save(state, tmp_path / "secret")
    checkpoint.save(state, tmp_path / "checkpoint")
    name = next((tmp_path / "secret").glob("*.safetensors")).name
    (tmp_path / "checkpoint" / name).unlink()
    facts = {**state.facts, "tensors": f"../secret/{name}"}
    (tmp_path / "checkpoint" / "state.json").write_text(json.dumps(facts))
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path / "checkpoint")
