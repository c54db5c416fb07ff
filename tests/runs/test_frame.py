from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs import frame
from aecore.training.snapshot import Snapshot
from aecore.training.trainer import Trainer


@pytest.fixture
def snapshot(small: Dataset, quick: Config) -> Snapshot:
    trainer = Trainer(small, quick)
    trainer.step()
    trainer.change(bottleneck=3, noise=0.2)
    trainer.step()
    return trainer.snapshot()


@pytest.fixture
def frame_paths(tmp_path: Path, snapshot: Snapshot) -> tuple[Path, Path]:
    paths = tmp_path / "frame.safetensors", tmp_path / "probe.safetensors"
    frame.save(snapshot, paths[0])
    frame.save_probe(snapshot, paths[1])
    return paths


def test_loaded_frame_equals_the_snapshot(
    snapshot: Snapshot, frame_paths: tuple[Path, Path]
) -> None:
    loaded = frame.load(*frame_paths, snapshot.history)
    for name in ("config", "step", "total_steps", "epoch", "history", "edits", "classes"):
        assert getattr(loaded, name) == getattr(snapshot, name), name
    for name in ("codes", "points", "labels"):
        assert np.array_equal(getattr(loaded, name), getattr(snapshot, name)), name
        assert getattr(loaded, name).dtype == getattr(snapshot, name).dtype
    for name in ("indices", "labels"):
        assert np.array_equal(getattr(loaded.examples, name), getattr(snapshot.examples, name))
    for name in ("originals", "corrupted", "reconstructions"):
        actual, expected = getattr(loaded.examples, name), getattr(snapshot.examples, name)
        assert actual.dtype == np.float32
        assert actual.shape == expected.shape
        assert np.abs(actual - expected).max() <= 0.5001 / 255


def test_frame_restores_the_network(snapshot: Snapshot, frame_paths: tuple[Path, Path]) -> None:
    loaded = frame.load(*frame_paths, ())
    images = torch.from_numpy(snapshot.examples.corrupted).flatten(1)
    with torch.no_grad():
        actual, expected = (each.model(images).clamp(0, 1).numpy() for each in (loaded, snapshot))
    assert np.abs(actual - expected).max() < 2e-3
    assert np.array_equal(expected.ravel(), snapshot.examples.reconstructions.ravel())


def test_codes_can_be_read_alone(snapshot: Snapshot, frame_paths: tuple[Path, Path]) -> None:
    assert np.array_equal(frame.codes(frame_paths[0]), snapshot.codes)
    frame_paths[0].write_bytes(b"not a frame")
    with pytest.raises(LabError, match=r"The frame .*frame\.safetensors cannot be read"):
        frame.codes(frame_paths[0])


def test_number_of_frames_per_doubling_of_the_steps() -> None:
    due_steps = [step for step in range(10_000) if frame.is_due(step)]
    assert due_steps[:17] == list(range(17))
    for start in (16, 64, 1024, 4096):
        assert sum(start <= step < 2 * start for step in due_steps) == frame.FRAMES_PER_DOUBLING


@pytest.mark.parametrize("which", [0, 1])
def test_missing_file_is_rejected(frame_paths: tuple[Path, Path], which: int) -> None:
    frame_paths[which].unlink()
    with pytest.raises(LabError, match=r"The frame .*frame\.safetensors cannot be read"):
        frame.load(*frame_paths, ())


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("keep", [0, 7, 100, -5])
def test_truncated_file_is_rejected(frame_paths: tuple[Path, Path], which: int, keep: int) -> None:
    frame_paths[which].write_bytes(frame_paths[which].read_bytes()[:keep])
    with pytest.raises(LabError, match="cannot be read"):
        frame.load(*frame_paths, ())


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"facts": "{"},
        {"facts": "[]"},
        {"facts": "{}"},
        {"facts": '{"config": 3}'},
        {"facts": '{"config": {}, "step": 1, "total_steps": 1, "epoch": 1, "edits": 5}'},
    ],
)
def test_malformed_facts_are_rejected(
    frame_paths: tuple[Path, Path], metadata: dict[str, str] | None
) -> None:
    save_file({"codes": np.zeros((2, 2), np.float32)}, frame_paths[0], metadata)
    with pytest.raises(LabError, match="cannot be read"):
        frame.load(*frame_paths, ())


def test_invalid_settings_are_rejected_with_their_own_message(
    frame_paths: tuple[Path, Path],
) -> None:
    facts = '{"config": {"bottleneck": 0}, "step": 1, "total_steps": 1, "epoch": 1, "edits": []}'
    save_file({"codes": np.zeros((2, 2), np.float32)}, frame_paths[0], {"facts": facts})
    with pytest.raises(LabError, match="bottleneck is 0"):
        frame.load(*frame_paths, ())


def fill(folder: Path, count: int, size: int) -> list[Path]:
    paths = [folder / f"{step:09d}.safetensors" for step in range(count)]
    for path in paths:
        path.write_bytes(b"x" * size)
    return paths


@pytest.mark.parametrize("count", [2, 3, 10, 57])
def test_frames_are_thinned_below_the_limit(tmp_path: Path, count: int) -> None:
    paths = fill(tmp_path, count, 100)
    frame.thin(tmp_path, 600)
    remaining = sorted(tmp_path.iterdir())
    assert sum(path.stat().st_size for path in remaining) <= 600
    assert (remaining[0], remaining[-1]) == (paths[0], paths[-1])
    gaps = np.diff([int(path.stem) for path in remaining])
    assert gaps[:-1].max(initial=0) <= 2 * gaps[:-1].min(initial=99)


def test_frames_within_the_limit_are_kept(tmp_path: Path) -> None:
    paths = fill(tmp_path, 6, 100)
    frame.thin(tmp_path, 600)
    assert sorted(tmp_path.iterdir()) == paths


def test_first_and_last_frames_are_kept_at_any_limit(tmp_path: Path) -> None:
    paths = fill(tmp_path, 9, 100)
    frame.thin(tmp_path, 10)
    assert sorted(tmp_path.iterdir()) == [paths[0], paths[-1]]


def test_frame_without_weights_has_no_model(snapshot: Snapshot) -> None:
    with pytest.raises(LabError, match="saved without the network"):
        _ = replace(snapshot, weights={}).model
