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
from tests.runs.job.conftest import Make
from tests.support import slow, until


def test_it_stands_at_first(job: Job) -> None:
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


def test_waiting_is_not_over_before_the_steps_are_made(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step longer than the time a command waits for its answer; asked again and again."""
    save = job.run.save

    def slowly(*args: Any, **kwargs: Any) -> None:
        time.sleep(0.02)
        save(*args, **kwargs)

    monkeypatch.setattr(job.run, "save", slowly)
    for asked in range(1, 20):
        job.step(1)
        assert job.wait(20)
        assert job.latest.step == asked
        assert job.run.summary()["step"] == asked


def test_a_command_that_is_obeyed_late_is_waited_for(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(job, monkeypatch, 0.5)
    job.step(1)
    until(lambda: job.playing)
    job.step(1)
    assert job.wait(20)
    assert job.latest.step == 2


def test_wait_gives_up(job: Job) -> None:
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
    assert job.run.summary()["samples_per_second"] > 0
    assert job.seconds_left == float("inf")
    job.play()
    until(lambda: job.latest.step > step)
    assert 0 < job.seconds_left < float("inf")


def test_it_trains_what_a_loop_trains(make: Make, small: Dataset) -> None:
    job = make()
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
    found, wanted = job._trainer.state(), trainer.state()
    assert found.facts == wanted.facts
    assert all(torch.equal(value, wanted.tensors[n]) for n, value in found.tensors.items())


def test_it_stops_where_the_run_is_finished(make: Make) -> None:
    job = make(epochs=2)
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
def test_a_change_is_seen_at_once(job: Job, playing: bool) -> None:
    if playing:
        job.play()
    for bottleneck in (2, 7):
        job.change(bottleneck=bottleneck, noise=0.5)
        until(lambda wanted=bottleneck: job.latest.codes.shape[1] == wanted, 2)  # type: ignore[misc]
        assert job.latest.config.noise == 0.5
        assert job.latest.edits[-1]["changes"]["bottleneck"][1] == bottleneck
    assert job.playing == playing
    if not playing:
        assert job.run.frame().config.bottleneck == 7


def test_nobody_watching_pauses_it(make: Make) -> None:
    job = make(job={"idle_seconds": 0.2})
    job.play()
    assert job.wait(20)
    assert job.idle
    assert job.error is None
    assert job.run.summary()["step"] == job.latest.step > 0
    job.play()
    assert not job.idle


def test_somebody_watching_keeps_it_going(make: Make) -> None:
    job = make(job={"idle_seconds": 0.4})
    job.play()
    for _ in range(10):
        time.sleep(0.08)
        job.watch()
    assert job.playing
    assert not job.idle


def test_closing_saves_and_lets_go(job: Job, small: Dataset) -> None:
    job.play()
    until(lambda: job._trainer.steps > 7)
    job.close()
    assert not job.alive
    assert not job.run.busy
    again = Run(job.run.path)
    again.claim()
    assert again.resume(small).steps == job._trainer.steps
    again.release()


def test_closing_twice_and_from_elsewhere(job: Job) -> None:
    job.play()
    threads = [threading.Thread(target=job.close) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    job.close()
    assert not job.alive
    assert job.wait(1)


def test_many_may_look_while_it_trains(job: Job) -> None:
    problems: list[BaseException] = []
    done = threading.Event()

    def look() -> None:
        last = 0
        try:
            while not done.is_set():
                seen = job.watch()
                assert seen.step >= last
                assert seen.codes.shape[1] == seen.config.bottleneck
                assert len(seen.points) == len(seen.codes) == len(seen.labels)
                assert all(row["step"] <= seen.step for row in seen.history)
                last = seen.step
                time.sleep(0.001)
        except BaseException as problem:
            problems.append(problem)

    readers = [threading.Thread(target=look) for _ in range(4)]
    for each in readers:
        each.start()
    job.play()
    for bottleneck in (2, 6, 3, 8):
        job.change(bottleneck=bottleneck)
        time.sleep(0.1)
    done.set()
    for each in readers:
        each.join(20)
    assert problems == []
    assert job.error is None


def test_many_may_command(job: Job) -> None:
    threads = [threading.Thread(target=job.step, args=(1,)) for _ in range(8)]
    threads += [threading.Thread(target=job.change, kwargs={"noise": n / 10}) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert job.wait(20)
    assert 1 <= job.latest.step <= 8
    assert job.error is None


def test_other_examples_are_shown_and_stay(job: Job) -> None:
    job.choose(np.array([5, 2]))
    assert job.latest.examples.indices.tolist() == [5, 2]
    job.step(2)
    job.wait(20)
    assert job.latest.examples.indices.tolist() == [5, 2]
    job.choose(None)
    assert len(job.latest.examples.indices) == 10


def test_snapshots_cost_little_and_none_unwatched(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    snapshot = job._trainer.snapshot

    def counted(*args: Any) -> Any:
        taken.append(job._trainer.steps)
        return snapshot(*args)

    monkeypatch.setattr("aecore.runs.job.WATCHED_SECONDS", 0.0)
    monkeypatch.setattr("aecore.runs.run.frame.is_due", lambda step: False)
    monkeypatch.setattr(job._trainer, "snapshot", counted)
    job.step(30)
    job.wait(20)
    # One to look at and one to save, when it stops.
    assert set(taken) == {30}
