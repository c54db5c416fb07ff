import threading
import time
from typing import Any

import numpy as np
import pytest
import torch

from aecore.data import Dataset
from aecore.runs.job import Job
from aecore.runs.run import Run
from aecore.training.trainer import Trainer
from tests.runs.job.conftest import MakeJob
from tests.support import slow, until


def test_new_job_is_paused_at_step_0(job: Job) -> None:
    assert not job.playing
    assert job.alive
    assert job.error is None
    assert job.latest.step == 0
    assert job.wait(0)
    assert job.seconds_left == float("inf")


@pytest.mark.parametrize("count", [1, 2, 10, 37])
def test_steps_are_counted_exactly(job: Job, count: int) -> None:
    job.step(count)
    assert job.wait(20)
    assert job.latest.step == count
    assert job.run.summary()["step"] == count
    job.step(count)
    assert job.wait(20)
    assert job.latest.step == 2 * count


def test_wait_ends_only_after_the_steps_are_taken_and_saved(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow down saving, so that a wait that ends too early is noticed."""
    save = job.run.save

    def slow_save(*args: Any, **kwargs: Any) -> None:
        time.sleep(0.02)
        save(*args, **kwargs)

    monkeypatch.setattr(job.run, "save", slow_save)
    for count in range(1, 20):
        job.step(1)
        assert job.wait(20)
        assert job.latest.step == count
        assert job.run.summary()["step"] == count


def test_wait_includes_commands_that_run_late(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    slow(job, monkeypatch, 0.5)
    job.step(1)
    until(lambda: job.playing)
    job.step(1)
    assert job.wait(20)
    assert job.latest.step == 2


def test_wait_times_out(job: Job) -> None:
    job.play()
    assert not job.wait(0.05)


def test_play_and_pause(job: Job) -> None:
    job.play()
    until(lambda: job.playing and job.latest.step > 5)
    job.pause()
    job.wait(20)
    assert not job.playing
    step = job.latest.step
    assert job.run.summary()["step"] == step
    time.sleep(0.05)
    assert job.latest.step == step
    assert job.samples_per_second > 0
    assert (job.run.summary()["samples_per_second"] or 0) > 0
    assert job.seconds_left == float("inf")
    job.play()
    until(lambda: job.latest.step > step)
    assert 0 < job.seconds_left < float("inf")


def test_job_trains_like_a_plain_loop(make_job: MakeJob, small: Dataset) -> None:
    job = make_job()
    job.step(8)
    job.wait(20)
    job.change(bottleneck=2)
    job.step(8)
    job.wait(20)
    trainer = Trainer(small, job.run.config)
    for step in range(16):
        if step == 8:
            trainer.change(bottleneck=2)
        trainer.step()
    actual, expected = job._trainer.state(), trainer.state()
    assert actual.facts == expected.facts
    assert all(torch.equal(value, expected.tensors[n]) for n, value in actual.tensors.items())


def test_job_stops_when_the_run_is_finished(make_job: MakeJob) -> None:
    job = make_job(epochs=2)
    job.play()
    assert job.wait(20)
    assert job.latest.finished
    assert job.latest.step == 8
    job.play()
    assert job.wait(20)
    assert job.latest.step == 8
    job.change(epochs=3)
    job.play()
    assert job.wait(20)
    assert job.latest.step == 12


@pytest.mark.parametrize("playing", [True, False])
def test_change_is_visible_immediately(job: Job, playing: bool) -> None:
    if playing:
        job.play()
    for bottleneck in (2, 7):
        job.change(bottleneck=bottleneck, noise=0.5)
        until(lambda expected=bottleneck: job.latest.codes.shape[1] == expected, 2)  # type: ignore[misc]
        assert job.latest.config.noise == 0.5
        assert job.latest.edits[-1]["changes"]["bottleneck"][1] == bottleneck
    assert job.playing == playing
    if not playing:
        assert job.run.frame().config.bottleneck == 7


def test_job_pauses_when_nobody_watches(make_job: MakeJob) -> None:
    job = make_job(options={"idle_seconds": 0.2})
    job.play()
    assert job.wait(20)
    assert job.idle
    assert job.error is None
    assert job.run.summary()["step"] == job.latest.step > 0
    job.play()
    assert not job.idle


def test_job_continues_while_somebody_watches(make_job: MakeJob) -> None:
    job = make_job(options={"idle_seconds": 0.4})
    job.play()
    for _ in range(10):
        time.sleep(0.08)
        job.watch()
    assert job.playing
    assert not job.idle


def test_close_saves_and_releases_the_run(job: Job, small: Dataset) -> None:
    job.play()
    until(lambda: job._trainer.steps > 7)
    job.close()
    assert not job.alive
    assert not job.run.busy
    reopened = Run(job.run.path)
    reopened.claim()
    assert reopened.resume(small).steps == job._trainer.steps
    reopened.release()


def test_close_can_be_called_repeatedly_and_from_other_threads(job: Job) -> None:
    job.play()
    threads = [threading.Thread(target=job.close) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    job.close()
    assert not job.alive
    assert job.wait(1)


def test_concurrent_readers_see_consistent_snapshots(job: Job) -> None:
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        last = 0
        try:
            while not done.is_set():
                snapshot = job.watch()
                assert snapshot.step >= last
                assert snapshot.codes.shape[1] == snapshot.config.bottleneck
                assert len(snapshot.points) == len(snapshot.codes) == len(snapshot.labels)
                assert all(row["step"] <= snapshot.step for row in snapshot.history)
                last = snapshot.step
                time.sleep(0.001)
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for each in readers:
        each.start()
    job.play()
    for bottleneck in (2, 6, 3, 8):
        job.change(bottleneck=bottleneck)
        time.sleep(0.1)
    done.set()
    for each in readers:
        each.join(20)
    assert errors == []
    assert job.error is None


def test_concurrent_commands_are_safe(job: Job) -> None:
    threads = [threading.Thread(target=job.step, args=(1,)) for _ in range(8)]
    threads += [threading.Thread(target=job.change, kwargs={"noise": n / 10}) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert job.wait(20)
    assert 1 <= job.latest.step <= 8
    assert job.error is None


def test_chosen_examples_are_shown_and_kept(job: Job) -> None:
    job.choose(np.array([5, 2]))
    assert job.latest.examples.indices.tolist() == [5, 2]
    job.step(2)
    job.wait(20)
    assert job.latest.examples.indices.tolist() == [5, 2]
    job.choose(None)
    assert len(job.latest.examples.indices) == 10


def test_no_snapshots_are_taken_while_unwatched(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[int] = []
    snapshot = job._trainer.snapshot

    def counting_snapshot(*args: Any) -> Any:
        steps.append(job._trainer.steps)
        return snapshot(*args)

    monkeypatch.setattr("aecore.runs.job.WATCHED_SECONDS", 0.0)
    monkeypatch.setattr("aecore.runs.run.is_frame_due", lambda step: False)
    monkeypatch.setattr(job._trainer, "snapshot", counting_snapshot)
    job.step(30)
    job.wait(20)
    # Two on stopping: one to show and one to save.
    assert set(steps) == {30}
