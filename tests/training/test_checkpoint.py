import json
from pathlib import Path

import pytest
import torch

from aecore.errors import LabError
from aecore.files import read_json, write, write_json
from aecore.training import checkpoint
from aecore.training.checkpoint import State


@pytest.fixture
def saved() -> State:
    facts = {"step": 7, "config": {"noise": 0.5}, "edits": [], "name": "Ünï"}
    return State({"a/b": torch.arange(6.0).reshape(2, 3), "c": torch.tensor(4)}, facts)


def test_a_file_is_replaced_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_part_left_behind_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(b"a long part of an earlier attempt")
    write(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not (tmp_path / "file.part").exists()


def test_json_is_readable(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"name": "Ünï", "step": 3})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert text == '{\n "name": "Ünï",\n "step": 3\n}\n'
    assert read_json(tmp_path / "x.json") == {"name": "Ünï", "step": 3}


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'{"a": 1,}'])
def test_what_is_no_json_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x.json").write_bytes(text)
    with pytest.raises(LabError, match=r"x\.json is not valid JSON"):
        read_json(tmp_path / "x.json")


def test_missing_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Incomplete run: .*x\.json is missing"):
        read_json(tmp_path / "x.json")


def test_a_checkpoint_comes_back(tmp_path: Path, saved: State) -> None:
    checkpoint.save(saved, tmp_path / "checkpoint")
    found = checkpoint.load(tmp_path / "checkpoint")
    assert {**found.facts, "tensors": None} == {**saved.facts, "tensors": None}
    assert set(found.tensors) == {"a/b", "c"}
    for name, value in saved.tensors.items():
        assert torch.equal(found.tensors[name], value)
        assert found.tensors[name].dtype == value.dtype


def test_only_the_newest_tensors_are_kept(tmp_path: Path, saved: State) -> None:
    checkpoint.save(saved, tmp_path)
    (tmp_path / "000000003.safetensors.part").write_bytes(b"left by a crash")
    checkpoint.save(State({"c": torch.tensor(5)}, {"step": 9}), tmp_path)
    assert len(list(tmp_path.glob("*.safetensors*"))) == 1
    assert checkpoint.load(tmp_path).tensors["c"] == 5


@pytest.mark.parametrize("step", [7, 8])
def test_a_crash_between_tensors_and_json_leaves_the_old_checkpoint_whole(
    tmp_path: Path, saved: State, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also at the same step: a bottleneck may have changed without a step."""
    checkpoint.save(saved, tmp_path)

    def crash(*args: object, **kwargs: object) -> None:
        raise OSError("the power went off")

    monkeypatch.setattr(checkpoint, "write_json", crash)
    with pytest.raises(OSError, match="power"):
        checkpoint.save(State({"c": torch.zeros(3)}, {**saved.facts, "step": step}), tmp_path)
    found = checkpoint.load(tmp_path)
    assert found.facts["step"] == 7
    assert torch.equal(found.tensors["a/b"], saved.tensors["a/b"])


def test_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="is missing"):
        checkpoint.load(tmp_path)


def test_damaged_tensors_are_refused(tmp_path: Path, saved: State) -> None:
    checkpoint.save(saved, tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    whole = path.read_bytes()
    for damaged in (b"", whole[:30], whole[:-3], b"\x00" * len(whole)):
        path.write_bytes(damaged)
        with pytest.raises(LabError, match=r"checkpoint .*safetensors cannot be read"):
            checkpoint.load(tmp_path)
    path.unlink()
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path)


@pytest.mark.parametrize("facts", [[], 3, None, {}, {"step": 3}, {"tensors": 5}, {"step": "x"}])
def test_hand_edited_facts_are_refused(tmp_path: Path, saved: State, facts: object) -> None:
    checkpoint.save(saved, tmp_path)
    name = next(tmp_path.glob("*.safetensors")).name
    if isinstance(facts, dict) and facts.get("step") == "x":
        facts = {**facts, "tensors": name}
    (tmp_path / "state.json").write_text(json.dumps(facts))
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path)


def test_tensors_are_looked_for_in_the_checkpoint_only(tmp_path: Path, saved: State) -> None:
    checkpoint.save(saved, tmp_path / "secret")
    checkpoint.save(saved, tmp_path / "checkpoint")
    name = next((tmp_path / "secret").glob("*.safetensors")).name
    (tmp_path / "checkpoint" / name).unlink()
    facts = {**saved.facts, "tensors": f"../secret/{name}"}
    (tmp_path / "checkpoint" / "state.json").write_text(json.dumps(facts))
    with pytest.raises(LabError, match="cannot be read"):
        checkpoint.load(tmp_path / "checkpoint")
