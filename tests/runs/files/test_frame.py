import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import save_file

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.network.inference import decode, encode
from aecore.presets import PRESETS, preset
from aecore.runs.files import frame, probe
from aecore.runs.folder import disk_bytes
from aecore.runs.run import Run
from aecore.training.schedule import is_frame_due
from aecore.training.snapshot import Record, Snapshot
from aecore.training.trainer import Trainer
from tests.support import advance


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
    probe.save(snapshot, paths[1])
    return paths


def load(paths: tuple[Path, Path], history: Sequence[Record] = ()) -> Snapshot:
    return frame.load(paths[0], probe.load(paths[1]), history)


def test_loaded_frame_equals_the_snapshot(
    snapshot: Snapshot, frame_paths: tuple[Path, Path]
) -> None:
    loaded = load(frame_paths, snapshot.history)
    facts = ("config", "step", "total_steps", "epoch", "history", "edits", "classes", "fingerprint")
    for name in facts:
        assert getattr(loaded, name) == getattr(snapshot, name), name
    for name in ("codes", "points", "labels"):
        # Half precision has 11 significant bits.
        assert np.allclose(getattr(loaded, name), getattr(snapshot, name), 2**-11, 1e-7), name
        assert getattr(loaded, name).dtype == getattr(snapshot, name).dtype
    for name in ("indices", "labels"):
        assert np.array_equal(getattr(loaded.examples, name), getattr(snapshot.examples, name))
    for name in ("originals", "corrupted", "reconstructions"):
        actual, expected = getattr(loaded.examples, name), getattr(snapshot.examples, name)
        assert actual.dtype == np.float32
        assert actual.shape == expected.shape
        assert np.abs(actual - expected).max() <= 0.5001 / 255


def test_newest_frame_restores_the_network(
    snapshot: Snapshot, frame_paths: tuple[Path, Path]
) -> None:
    frame.save(snapshot, frame_paths[0], encoder=True)
    loaded = load(frame_paths)
    images = torch.from_numpy(snapshot.examples.corrupted).flatten(1)
    with torch.no_grad():
        actual, expected = (each.model(images).clamp(0, 1).numpy() for each in (loaded, snapshot))
    assert np.abs(actual - expected).max() < 2e-3
    assert np.array_equal(expected.ravel(), snapshot.examples.reconstructions.ravel())


NETWORKS: list[dict[str, Any]] = [
    {"hidden": "12-8"},
    {"hidden": "12", "tied": True},
    {"hidden": "", "tied": True, "linear_path": False},
    {"hidden": "4-8", "architecture": "convolutional"},
    {"hidden": "4", "architecture": "convolutional", "linear_path": False},
]


@pytest.mark.parametrize("settings", NETWORKS)
def test_frame_decodes_to_within_a_grey_level(
    frame_paths: tuple[Path, Path], small: Dataset, quick: Config, settings: dict[str, Any]
) -> None:
    trainer = Trainer(small, quick.changed(**settings))
    advance(trainer, 20)
    snapshot = trainer.snapshot()
    frame.save(snapshot, frame_paths[0])
    loaded = load(frame_paths)
    actual, expected = (decode(each.decoder, each.codes) for each in (loaded, snapshot))
    assert np.sqrt(np.square(actual - expected).mean()) < 1 / 255


def test_frame_has_no_encoder(snapshot: Snapshot, frame_paths: tuple[Path, Path]) -> None:
    loaded = load(frame_paths)
    assert {name.split(".")[0] for name in loaded.weights} == {"decoder", "from_code", "path_out"}
    with pytest.raises(LabError, match="Step 2 was saved with its decoder only"):
        _ = loaded.model
    assert np.isnan(encode(loaded.decoder, snapshot.examples.originals)).all()


def test_codes_can_be_read_alone(snapshot: Snapshot, frame_paths: tuple[Path, Path]) -> None:
    codes = frame.codes(frame_paths[0])
    assert np.array_equal(codes, load(frame_paths).codes)
    assert np.allclose(codes, snapshot.codes, 2**-11, 1e-7)
    frame_paths[0].write_bytes(b"not a frame")
    with pytest.raises(LabError, match=r"frame\.safetensors cannot be read"):
        frame.codes(frame_paths[0])


def test_only_active_units_of_sparse_codes_take_space(
    snapshot: Snapshot, frame_paths: tuple[Path, Path]
) -> None:
    codes = np.zeros((160, 1000), np.float32)
    codes[::2, 7], codes[5, 999], codes[6, 0] = 0.5, -3, 2
    config = snapshot.config.changed(bottleneck=1000)
    wide = replace(snapshot, codes=codes, config=config, weights={})
    assert frame.save(wide, frame_paths[0]) < 20_000
    assert np.array_equal(frame.codes(frame_paths[0]), codes)
    assert np.array_equal(load(frame_paths).codes, codes)


@pytest.mark.parametrize(
    ("values", "units", "counts"),
    [
        ([1], [3], [1]),
        ([1], [0], [2]),
        ([1, 2], [0], [1]),
        ([1], [0], [65535] * 3),
        ([], [], [0] * 100_000),
    ],
)
def test_sparse_codes_that_do_not_fit_are_rejected(
    frame_paths: tuple[Path, Path], values: list[float], units: list[int], counts: list[int]
) -> None:
    arrays = {
        "codes/values": np.array(values, np.float16),
        "codes/units": np.array(units, np.uint16),
        "codes/counts": np.array(counts, np.uint16),
    }
    facts = {"config": {"bottleneck": 3}, "step": 1, "total_steps": 2, "epoch": 0.1, "edits": []}
    save_file(arrays, frame_paths[0], {"facts": json.dumps(facts)})
    with pytest.raises(LabError, match="is damaged: "):
        frame.codes(frame_paths[0])


def test_frame_of_an_early_version_is_read(
    snapshot: Snapshot, frame_paths: tuple[Path, Path]
) -> None:
    with safe_open(frame_paths[0], "numpy") as file:
        facts = json.loads(file.metadata()["facts"])
        arrays = {name: file.get_tensor(name) for name in ("corrupted", "reconstructions")}
    weights = {f"weight/{n}": each.astype(np.float16) for n, each in snapshot.weights.items()}
    arrays |= {"codes": snapshot.codes, "points": snapshot.points, **weights}
    del facts["fingerprint"]
    save_file(arrays, frame_paths[0], {"facts": json.dumps(facts)})
    loaded = load(frame_paths)
    assert loaded.fingerprint is None
    assert np.array_equal(loaded.codes, snapshot.codes)
    assert np.allclose(
        decode(loaded.model, snapshot.codes), decode(snapshot.model, snapshot.codes), atol=2e-3
    )


@pytest.mark.parametrize("which", [0, 1])
def test_missing_file_is_rejected(frame_paths: tuple[Path, Path], which: int) -> None:
    frame_paths[which].unlink()
    with pytest.raises(LabError, match=r"(frame|probe)\.safetensors cannot be read"):
        load(frame_paths)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("keep", [0, 7, 100, -5])
def test_truncated_file_is_rejected(frame_paths: tuple[Path, Path], which: int, keep: int) -> None:
    frame_paths[which].write_bytes(frame_paths[which].read_bytes()[:keep])
    with pytest.raises(LabError, match="cannot be read"):
        load(frame_paths)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "is not valid JSON"),
        ({"facts": "{"}, "is not valid JSON"),
        ({"facts": "[]"}, "damaged: input should"),
        ({"facts": "{}"}, "damaged at config: field required"),
        ({"facts": '{"config": 3}'}, "damaged at config"),
        (
            {"facts": '{"config": {}, "step": 1, "total_steps": 1, "epoch": 1, "edits": 5}'},
            "damaged at edits",
        ),
    ],
)
def test_malformed_facts_are_rejected(
    frame_paths: tuple[Path, Path], metadata: dict[str, str] | None, message: str
) -> None:
    save_file({"codes": np.zeros((2, 2), np.float32)}, frame_paths[0], metadata)
    with pytest.raises(LabError, match=message):
        load(frame_paths)


def test_invalid_settings_are_rejected_with_their_own_message(
    frame_paths: tuple[Path, Path],
) -> None:
    facts = '{"config": {"bottleneck": 0}, "step": 1, "total_steps": 1, "epoch": 1, "edits": []}'
    save_file({"codes": np.zeros((2, 2), np.float32)}, frame_paths[0], {"facts": facts})
    with pytest.raises(LabError, match="bottleneck is 0"):
        load(frame_paths)


def due_steps(last: int) -> dict[int, int]:
    return {step: 100 for step in range(last + 1) if is_frame_due(step) or step == last}


@pytest.mark.parametrize("last", [1, 2, 9, 1000, 4700])
def test_frames_are_thinned_to_the_limit(last: int) -> None:
    frames = due_steps(last)
    kept = list(frame.thin(frames, 2000))
    assert len(kept) == min(20, len(frames))
    assert kept == sorted(set(kept) & set(frames))
    assert (kept[0], kept[-1]) == (0, last)


def test_thinned_frames_are_spread_evenly_over_the_doublings() -> None:
    kept = list(frame.thin(due_steps(4700), 2000))
    ratios = [after / before for before, after in pairwise(kept) if before >= 4]
    assert max(ratios) <= 2


def test_sizes_of_frames_are_added_up() -> None:
    assert list(frame.thin({0: 5, 1: 5, 2: 5, 3: 5}, 20)) == [0, 1, 2, 3]
    assert list(frame.thin({0: 5, 1: 5, 2: 5, 3: 6}, 20)) == [0, 1, 3]


def test_first_and_last_frames_are_kept_at_any_limit() -> None:
    assert list(frame.thin(due_steps(100), 10)) == [0, 100]


@pytest.mark.parametrize("dataset", ["digits", "strokes"])
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_leaves_room_for_frames_in_a_run_of_limited_size(
    tmp_path: Path, name: str, dataset: str
) -> None:
    """A run of 8 by 8 pixels takes less than 10 MB, one of 28 by 28 pixels less than 40 MB."""
    run = Run.create(tmp_path / "a", preset(name, dataset))
    trainer = run.start(data.load(dataset))
    trainer.step()
    run.save(trainer)
    run.release()
    size = frame.save(trainer.snapshot(), tmp_path / "frame")
    most = frame.most_bytes(trainer.snapshot(), size)
    others = disk_bytes(run.path) - disk_bytes(run.path / "frames")
    # The history, which grows, takes less than 200 kB.
    assert others + most + 200_000 < (10e6 if dataset == "digits" else 40e6)
    assert most >= 8 * size


def test_network_larger_than_a_run_should_be_still_has_frames(snapshot: Snapshot) -> None:
    wide = replace(snapshot, weights={"encoder.0.weight": np.zeros((4096, 4096), np.float32)})
    assert frame.most_bytes(wide, 8_000_000) > 12 * 8_000_000


def test_frame_without_weights_has_no_network(snapshot: Snapshot) -> None:
    bare = replace(snapshot, weights={})
    for network in ("model", "decoder"):
        with pytest.raises(LabError, match="saved without the network"):
            getattr(bare, network)
