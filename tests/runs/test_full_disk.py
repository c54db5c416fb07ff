"""A run whose disk was full goes on as if nothing had happened, once there is room."""

from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.job import Job
from aecore.runs.run import Run
from tests.support import advance_run, full_disk, saved_files, trained

STEPS = 100


def assert_undisturbed(path: Path, dataset: Dataset, config: Config, steps: int) -> None:
    """Assert that a run has the files of one that was trained for some steps without trouble."""
    trained(path.with_name("undisturbed"), dataset, config, steps)
    assert saved_files(path) == saved_files(path.with_name("undisturbed"))


def test_row_cut_off_at_any_byte_is_written_again(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    config = quick.changed(epochs=STEPS // 4)
    run = Run.create(tmp_path / "full", config)
    trainer = run.start(small)
    history, cut = tmp_path / "full" / "history.jsonl", set[int]()
    while not trainer.finished:
        size = history.stat().st_size
        # From none to more than all bytes of a row, which has about 240.
        room = 3 * trainer.steps
        try:
            with full_disk(size + room):
                advance_run(run, trainer, 1)
        except OSError:
            cut.add(history.stat().st_size - size)
        # As a job does when it is played again.
        run.record(trainer)
        assert run.history() == trainer.history
    run.save(trainer)
    run.release()
    assert len(cut) > 30
    assert_undisturbed(run.path, small, config, STEPS)


def test_what_did_not_fit_is_written_before_a_checkpoint_that_relies_on_it(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    run = Run.create(tmp_path / "full", quick)
    trainer = run.start(small)
    advance_run(run, trainer, 7)
    with full_disk(100), pytest.raises(OSError, match="File too large"):
        advance_run(run, trainer, 1)
    # As on closing the server.
    run.save(trainer)
    run.release()
    assert_undisturbed(run.path, small, quick, 8)


def test_torn_row_of_a_stopped_program_is_replaced_on_resuming(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    trained(tmp_path / "a", small, quick, 5)
    with (tmp_path / "a" / "history.jsonl").open("a") as file:
        file.write('{"step": 6, "tr')
    run = Run(tmp_path / "a")
    run.claim()
    advance_run(run, trainer := run.resume(small), 3)
    run.save(trainer)
    run.release()
    assert_undisturbed(run.path, small, quick, 8)


def test_history_removed_during_training_is_written_again(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    run = Run.create(tmp_path / "a", quick)
    trainer = run.start(small)
    advance_run(run, trainer, 3)
    (tmp_path / "a" / "history.jsonl").unlink()
    advance_run(run, trainer, 1)
    assert run.history() == trainer.history
    run.release()


def test_job_goes_on_after_a_full_disk(
    tmp_path: Path, small: Dataset, quick: Config, no_thread_left: None
) -> None:
    config = quick.changed(epochs=10)
    run = Run.create(tmp_path / "full", config)
    job = Job(run, run.start(small), threads=1)
    job.step(8)
    assert job.wait(20)
    with full_disk(run.path.joinpath("history.jsonl").stat().st_size + 50):
        job.play()
        assert job.wait(20)
        assert "The run could not be saved" in str(job.error)
    job.play()
    assert job.wait(20)
    assert job.error is None
    job.close()
    assert_undisturbed(run.path, small, config, 40)


def test_leftovers_of_a_killed_writer_are_removed_on_claiming(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    trained(tmp_path / "a", small, quick, 2)
    before = saved_files(tmp_path / "a")
    parts = ("run.json", "latest.safetensors", "checkpoint/000000009-0.safetensors", "frames/9")
    for name in parts:
        (tmp_path / "a" / f"{name}.part").write_bytes(b"half")
    run = Run(tmp_path / "a")
    run.claim()
    run.release()
    assert saved_files(tmp_path / "a") == before
