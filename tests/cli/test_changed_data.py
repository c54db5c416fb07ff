"""A run on images that have been replaced: every command that needs them says so."""

import json
from pathlib import Path

import numpy as np
import pytest

from aecore import data
from aecore.runs import archive
from aecore.runs.run import Run
from tests.cli.conftest import Call

TRAIN = [
    *("--dataset", "mine", "--train-size", "100", "--batch-size", "50", "--hidden", "8"),
    *("--epochs", "1"),
]
CHANGED = "The dataset mine has changed since this run was trained on it. Restore its images"


def add_images(call: Call, folder: Path, seed: int) -> None:
    """Add 125 images of two classes under the name mine, in place of those there may be."""
    if "mine" in data.offers():
        data.remove("mine")
    images = np.random.default_rng(seed).integers(0, 256, (125, 6, 6), np.uint8)
    np.savez(folder / "images.npz", images=images, labels=np.arange(125) % 2)
    assert call("data", "add", folder / "images.npz", "--name", "mine").code == 0


@pytest.fixture
def changed(call: Call, tmp_path: Path) -> Path:
    """Return a run whose dataset was replaced by as many other images of the same name."""
    add_images(call, tmp_path, 0)
    call("train", *TRAIN, "--out", tmp_path / "run", "--threads", "1")
    add_images(call, tmp_path, 1)
    return tmp_path / "run"


def forget_fingerprint(run: Path) -> None:
    """Make a run look like one of an early version."""
    for path in (run / "run.json", run / "checkpoint" / "state.json"):
        facts = json.loads(path.read_text())
        del facts["fingerprint"]
        path.write_text(json.dumps(facts))


def test_every_command_that_needs_the_images_names_the_change(
    call: Call, changed: Path, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in changed.rglob("*") if path.is_file()}
    formats = ("csv", "parquet", "projector", "safetensors")
    commands: list[list[object]] = [
        ["score", changed],
        ["denoise", changed, "--noise", "0.3"],
        ["anomalies", changed, "--normal", "0"],
        ["train", "--resume", "--out", changed, "--epochs", "3", "--threads", "1"],
        ["branch", changed, "--step", "1", "--noise", "0.5", "--out", tmp_path / "b"],
    ]
    commands.extend(
        ["export", changed, "--format", form, "--out", tmp_path / "export"] for form in formats
    )
    for command in commands:
        result = call(*command)
        assert (result.code, result.out) == (2, ""), command
        assert CHANGED in result.err
        assert len(result.err.splitlines()) == 1
    assert {path: path.read_bytes() for path in before} == before
    assert not (tmp_path / "b").exists()
    assert not (tmp_path / "export").exists()
    add_images(call, tmp_path, 0)
    assert call("score", changed).code == 0


def test_finished_run_of_a_sweep_is_not_taken_for_one_on_other_images(
    call: Call, tmp_path: Path
) -> None:
    line = ["sweep", *TRAIN, "--bottleneck", "2", "--processes", "1", "--json"]
    add_images(call, tmp_path, 0)
    (first,) = call(*line).json
    assert "reason" not in first or first["reason"] is None
    add_images(call, tmp_path, 1)
    (second,) = call(*line).json
    assert CHANGED in second["reason"]
    forget_fingerprint(tmp_path / "runs" / first["run"])
    (third,) = call(*line).json
    assert third["held_out"] == first["held_out"]


def test_run_without_a_fingerprint_opens(call: Call, changed: Path, tmp_path: Path) -> None:
    forget_fingerprint(changed)
    assert call("score", changed).code == 0
    assert call("train", "--resume", "--out", changed, "--epochs", "2", "--threads", "1").code == 0
    # From now on it has one.
    add_images(call, tmp_path, 0)
    assert CHANGED in call("score", changed).err


def test_imported_run_meets_its_dataset(call: Call, changed: Path, tmp_path: Path) -> None:
    (tmp_path / "run.zip").write_bytes(archive.pack(Run(changed)))
    imported = call("import", tmp_path / "run.zip").out.strip()
    assert CHANGED in call("score", imported).err
    add_images(call, tmp_path, 0)
    assert call("score", imported).code == 0
