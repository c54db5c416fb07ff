import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs import run as run_module
from aecore.runs.files import frame
from aecore.runs.index import index
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.schedule import is_frame_due
from tests.support import advance_run, read_only, same, saved_files, trained


def test_run_is_a_folder_of_documented_files(tmp_path: Path, small: Dataset, quick: Config) -> None:
    trained(tmp_path / "a", small, quick)
    names = {path.name for path in (tmp_path / "a").iterdir()} - {".lock"}
    assert names == {
        *("run.json", "config.json", "history.jsonl", "probe.safetensors"),
        *("frames", "latest.safetensors", "checkpoint"),
    }
    assert not list(tmp_path.rglob("*.part"))
    assert json.loads((tmp_path / "a" / "config.json").read_text()) == quick.model_dump()


def test_saved_run_can_be_read(tmp_path: Path, small: Dataset, quick: Config) -> None:
    trainer = trained(tmp_path / "a", small, quick)
    run = Run(tmp_path / "a")
    assert (run.name, run.config) == ("a", quick)
    assert run.history() == trainer.history
    assert run.frames() == list(range(11))
    summary = run.summary()
    assert (summary["name"], summary["step"], summary["total_steps"]) == ("a", 10, 24)
    assert summary["held_out"] == trainer.history[-1]["held_out"]
    assert summary["pca"] == trainer.history[-1]["pca"]
    newest, first = run.frame(), run.frame(0)
    assert (newest.step, first.step) == (10, 0)
    assert np.allclose(newest.codes, trainer.snapshot().codes, 2**-11, 1e-7)
    assert np.array_equal(run.codes(0), first.codes)
    assert summary["fingerprint"] == newest.fingerprint == first.fingerprint == small.fingerprint


def test_equal_runs_have_equal_histories(tmp_path: Path, small: Dataset, quick: Config) -> None:
    for name in "ab":
        trained(tmp_path / name, small, quick)
    first, second = ((tmp_path / name / "history.jsonl").read_bytes() for name in "ab")
    assert first == second
    assert first.count(b"\n") == 10


def test_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    uninterrupted = trained(tmp_path / "uninterrupted", small, quick, 20)
    trained(tmp_path / "interrupted", small, quick, 9)
    run = Run(tmp_path / "interrupted")
    run.claim()
    trainer = run.resume(small)
    advance_run(run, trainer, 11)
    same(uninterrupted, trainer)
    run.save(trainer)
    run.release()
    assert saved_files(tmp_path / "interrupted") == saved_files(tmp_path / "uninterrupted")


def test_run_of_an_early_version_has_no_validation_images_and_resumes_identically(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = quick.changed(validation_images=0)
    uninterrupted = trained(tmp_path / "uninterrupted", small, config, 20)
    dump = Config.model_dump

    def early_dump(self: Config) -> dict[str, object]:
        return {n: value for n, value in dump(self).items() if n != "validation_images"}

    with monkeypatch.context() as early:
        early.setattr(Config, "model_dump", early_dump)
        trained(tmp_path / "early", small, config, 9)
    run = Run(tmp_path / "early")
    assert run.config == run.frame().config == run.frame(3).config == config
    network = TrainedModel.open(run.path, small)
    assert np.array_equal(network.images, small.images)
    (row,) = (row for row in index(tmp_path) if row["name"] == "early")
    assert row["config"]["validation_images"] == row["settings"]["validation_images"] == 0
    run.claim()
    trainer = run.resume(small)
    advance_run(run, trainer, 11)
    same(uninterrupted, trainer)
    run.release()


@pytest.mark.parametrize("lost_steps", [0, 2, 9])
def test_frames_kept_do_not_depend_on_where_a_run_was_killed(
    tmp_path: Path,
    small: Dataset,
    quick: Config,
    monkeypatch: pytest.MonkeyPatch,
    lost_steps: int,
) -> None:
    monkeypatch.setattr(frame, "most_bytes", lambda *_: 40_000)
    config = quick.changed(epochs=20)
    trained(tmp_path / "uninterrupted", small, config, 50)
    run = Run.create(tmp_path / "killed", config)
    trainer = run.start(small)
    advance_run(run, trainer, 21)
    run.save(trainer)
    # Frames are thinned in steps that the checkpoint does not know of.
    advance_run(run, trainer, lost_steps)
    run.release()
    reopened = Run(tmp_path / "killed")
    reopened.claim()
    trainer = reopened.resume(small)
    assert trainer.steps == 21
    advance_run(reopened, trainer, 29)
    reopened.save(trainer)
    reopened.release()
    assert saved_files(tmp_path / "killed") == saved_files(tmp_path / "uninterrupted")
    assert 2 < len(reopened.frames()) < 20


def test_frames_do_not_depend_on_snapshots_and_saves(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    for name, interval in (("watched", 1), ("unwatched", 100)):
        run = Run.create(tmp_path / name, quick.changed(epochs=20))
        trainer = run.start(small)
        for step in range(40):
            if step in (16, 21):
                trainer.change(bottleneck=6 if step == 16 else 3)
            advance_run(run, trainer, 1)
            if step % interval == 0:
                trainer.snapshot()
                run.save(trainer)
        run.save(trainer)
        run.release()
    assert saved_files(tmp_path / "watched") == saved_files(tmp_path / "unwatched")


def test_history_rows_of_a_divergence_are_discarded(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    run = Run.create(tmp_path / "a", quick.changed(schedule="constant", epochs=100))
    trainer = run.start(small)
    advance_run(run, trainer, 6)
    good = trainer.state()
    advance_run(run, trainer, 3)
    trainer._restore(good)
    trainer.change(learning_rate=1e-4)
    advance_run(run, trainer, 5)
    assert [row["step"] for row in run.history()] == list(range(1, 12))
    assert run.history() == trainer.history
    run.release()


def test_edits_are_restored_on_resuming(tmp_path: Path, small: Dataset, quick: Config) -> None:
    run = Run.create(tmp_path / "a", quick)
    trainer = run.start(small)
    advance_run(run, trainer, 3)
    trainer.change(bottleneck=2)
    advance_run(run, trainer, 3)
    run.save(trainer)
    run.release()
    reopened = Run(tmp_path / "a")
    resumed = reopened.resume(small)
    assert resumed.config.bottleneck == 2
    assert reopened.config.bottleneck == 4
    assert resumed.edits == [{"step": 3, "changes": {"bottleneck": [4, 2]}}]
    assert reopened.frame().codes.shape == (160, 2)
    assert reopened.frame(3).codes.shape == (160, 4)


def test_run_is_saved_periodically(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.create(tmp_path / "a", quick)
    trainer = run.start(small)
    now = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    advance_run(run, trainer, 2)
    assert run.summary()["step"] == 0
    now[0] += run_module.MOST_SECONDS_UNSAVED + 1
    advance_run(run, trainer, 1)
    assert run.summary()["step"] == 3
    assert Run(tmp_path / "a").resume(small).steps == 3
    run.release()


def test_frames_are_thinned_during_training(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "most_bytes", lambda *_: 60_000)
    trained(tmp_path / "a", small, quick, 24)
    remaining = Run(tmp_path / "a").frames()
    assert remaining[0] == 0
    assert remaining[-1] == 24
    assert len(remaining) < 16
    sizes = [path.stat().st_size for path in (tmp_path / "a" / "frames").iterdir()]
    assert 40_000 < sum(sizes) <= 60_000


def test_last_step_has_a_frame(tmp_path: Path, small: Dataset, quick: Config) -> None:
    trained(tmp_path / "a", small, quick.changed(epochs=5, batch_size=24), 25)
    assert not is_frame_due(25)
    assert Run(tmp_path / "a").frames()[-2:] == [24, 25]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_path_that_is_not_empty_is_rejected(tmp_path: Path, quick: Config, kind: str) -> None:
    path = tmp_path / "a"
    if kind == "file":
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "mine.txt").write_text("mine")
    with pytest.raises(LabError, match=r"a is not empty; choose another folder, or resume"):
        Run.create(path, quick)
    assert not (path / "config.json").exists()


def test_empty_folder_is_accepted(tmp_path: Path, quick: Config) -> None:
    (tmp_path / "a").mkdir()
    Run.create(tmp_path / "a", quick).release()
    assert Run(tmp_path / "a").config == quick


def test_second_claim_is_rejected(tmp_path: Path, quick: Config) -> None:
    first = Run.create(tmp_path / "a", quick)
    second = Run(tmp_path / "a")
    for each in (first, second):
        assert each.busy
        with pytest.raises(LabError, match="a is training in another program; pause it there"):
            each.claim()
    first.release()
    assert [first.busy, second.busy] == [False, False]
    second.claim()
    assert [first.busy, second.busy] == [True, True]
    second.release()


CLAIM = """
import sys
from pathlib import Path
from aecore.runs.run import Run
from aecore.errors import LabError
run = Run(Path(sys.argv[1]))
for _ in range(2):
    try:
        run.claim()
    except LabError as error:
        print(run.busy, error, flush=True)
    else:
        print("claimed", flush=True)
    sys.stdin.readline()
"""


def test_other_process_cannot_claim_and_its_death_releases_the_run(
    tmp_path: Path, quick: Config
) -> None:
    run = Run.create(tmp_path / "a", quick)
    command = [sys.executable, "-c", CLAIM, str(tmp_path / "a")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        message = other.stdout.readline()
        assert message.startswith("True a is training in another program")
        run.release()
        other.stdin.write("again\n")
        other.stdin.flush()
        assert other.stdout.readline() == "claimed\n"
        with pytest.raises(LabError):
            run.claim()
        other.kill()
    assert not run.busy
    run.claim()
    run.release()


def test_discarded_run_is_deleted(tmp_path: Path, small: Dataset, quick: Config) -> None:
    run = Run.create(tmp_path / "a", quick)
    run.start(small)
    run.discard()
    assert not (tmp_path / "a").exists()
    Run.create(tmp_path / "a", quick).release()


def test_run_in_a_read_only_folder_is_read_and_not_trained(
    public_folder: Path, small: Dataset, quick: Config
) -> None:
    trainer = trained(public_folder / "a", small, quick)
    (public_folder / "b").mkdir()
    for path in (public_folder / "a").rglob("*"):
        if path.name != ".lock":
            copy = public_folder / "b" / path.relative_to(public_folder / "a")
            copy.mkdir() if path.is_dir() else copy.write_bytes(path.read_bytes())
    with read_only(public_folder):
        for name in "ab":
            run = Run(public_folder / name)
            assert not run.busy
            assert run.frame().step == trainer.steps
            with pytest.raises(LabError, match=rf"{name} cannot be written to \(Permission denied"):
                run.claim()
        with pytest.raises(LabError, match="Cannot write to"):
            Run.create(public_folder / "c", quick)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_lock_that_cannot_be_opened_is_not_held(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    trained(tmp_path / "a", small, quick, 1)
    run = Run(tmp_path / "a")

    def acquire(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(FileLock, "acquire", acquire)
    assert not run.busy
    with pytest.raises(LabError, match="cannot be trained"):
        run.claim()
