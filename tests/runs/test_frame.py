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
def taken(small: Dataset, quick: Config) -> Snapshot:
    trainer = Trainer(small, quick)
    trainer.step()
    trainer.change(bottleneck=3, noise=0.2)
    trainer.step()
    return trainer.snapshot()


@pytest.fixture
def saved(tmp_path: Path, taken: Snapshot) -> tuple[Path, Path]:
    paths = tmp_path / "frame.safetensors", tmp_path / "probe.safetensors"
    frame.save(taken, paths[0])
    frame.save_probe(taken, paths[1])
    return paths


def test_a_frame_is_the_snapshot(taken: Snapshot, saved: tuple[Path, Path]) -> None:
    found = frame.load(*saved, taken.history)
    for name in ("config", "step", "total_steps", "epoch", "history", "edits", "classes"):
        assert getattr(found, name) == getattr(taken, name), name
    for name in ("codes", "points", "labels"):
        assert np.array_equal(getattr(found, name), getattr(taken, name)), name
        assert getattr(found, name).dtype == getattr(taken, name).dtype
    for name in ("indices", "labels"):
        assert np.array_equal(getattr(found.examples, name), getattr(taken.examples, name))
    for name in ("originals", "corrupted", "reconstructions"):
        there, here = getattr(found.examples, name), getattr(taken.examples, name)
        assert there.dtype == np.float32
        assert there.shape == here.shape
        assert np.abs(there - here).max() <= 0.5001 / 255


def test_a_frame_brings_back_the_network(taken: Snapshot, saved: tuple[Path, Path]) -> None:
    found = frame.load(*saved, ())
    images = torch.from_numpy(taken.examples.corrupted).flatten(1)
    with torch.no_grad():
        there, here = (each.model(images).clamp(0, 1).numpy() for each in (found, taken))
    assert np.abs(there - here).max() < 2e-3
    assert np.array_equal(here.ravel(), taken.examples.reconstructions.ravel())


def test_codes_are_read_alone(taken: Snapshot, saved: tuple[Path, Path]) -> None:
    assert np.array_equal(frame.codes(saved[0]), taken.codes)
    saved[0].write_bytes(b"no frame")
    with pytest.raises(LabError, match=r"The frame .*frame\.safetensors cannot be read"):
        frame.codes(saved[0])


def test_eight_frames_while_the_steps_double() -> None:
    is_due = [step for step in range(10_000) if frame.is_due(step)]
    assert is_due[:17] == list(range(17))
    for start in (16, 64, 1024, 4096):
        assert sum(start <= step < 2 * start for step in is_due) == frame.FRAMES_PER_DOUBLING


@pytest.mark.parametrize("which", [0, 1])
def test_a_missing_file_is_refused(saved: tuple[Path, Path], which: int) -> None:
    saved[which].unlink()
    with pytest.raises(LabError, match=r"The frame .*frame\.safetensors cannot be read"):
        frame.load(*saved, ())


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("keep", [0, 7, 100, -5])
def test_a_cut_file_is_refused(saved: tuple[Path, Path], which: int, keep: int) -> None:
    saved[which].write_bytes(saved[which].read_bytes()[:keep])
    with pytest.raises(LabError, match="cannot be read"):
        frame.load(*saved, ())


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
def test_malformed_facts_are_refused(
    saved: tuple[Path, Path], metadata: dict[str, str] | None
) -> None:
    save_file({"codes": np.zeros((2, 2), np.float32)}, saved[0], metadata)
    with pytest.raises(LabError, match="cannot be read"):
        frame.load(*saved, ())


def test_impossible_settings_are_refused_in_their_own_words(saved: tuple[Path, Path]) -> None:
    facts = '{"config": {"bottleneck": 0}, "step": 1, "total_steps": 1, "epoch": 1, "edits": []}'
    save_file({"codes": np.zeros((2, 2), np.float32)}, saved[0], {"facts": facts})
    with pytest.raises(LabError, match="bottleneck is 0"):
        frame.load(*saved, ())


def fill(folder: Path, count: int, size: int) -> list[Path]:
    paths = [folder / f"{step:09d}.safetensors" for step in range(count)]
    for path in paths:
        path.write_bytes(b"x" * size)
    return paths


@pytest.mark.parametrize("count", [2, 3, 10, 57])
def test_frames_are_thinned_below_the_limit(tmp_path: Path, count: int) -> None:
    paths = fill(tmp_path, count, 100)
    frame.thin(tmp_path, 600)
    left = sorted(tmp_path.iterdir())
    assert sum(path.stat().st_size for path in left) <= 600
    assert (left[0], left[-1]) == (paths[0], paths[-1])
    apart = np.diff([int(path.stem) for path in left])
    assert apart[:-1].max(initial=0) <= 2 * apart[:-1].min(initial=99)


def test_frames_that_fit_are_left_alone(tmp_path: Path) -> None:
    paths = fill(tmp_path, 6, 100)
    frame.thin(tmp_path, 600)
    assert sorted(tmp_path.iterdir()) == paths


def test_first_and_last_stay_whatever_the_limit(tmp_path: Path) -> None:
    paths = fill(tmp_path, 9, 100)
    frame.thin(tmp_path, 10)
    assert sorted(tmp_path.iterdir()) == [paths[0], paths[-1]]


def test_a_frame_without_weights_says_so(taken: Snapshot) -> None:
    with pytest.raises(LabError, match="saved without the network"):
        _ = replace(taken, weights={}).model
