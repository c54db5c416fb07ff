import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.job import Job
from aecore.run import Run
from aecore.trainer import Diverged, Trainer
from aecore.words import Refusal

Make = Callable[..., Job]


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "it did not come to be"
        time.sleep(0.002)


@pytest.fixture
def make(tmp_path: Path, small: Dataset, quick: Config, no_thread_left: None) -> Iterator[Make]:
    """Make jobs of a run that takes long, and close them."""
    made: list[Job] = []

    def build(*, job: dict[str, Any] | None = None, **values: Any) -> Job:
        config = quick.changed(**{"epochs": 1000, "schedule": "constant", **values})
        run = Run.create(tmp_path / f"run{len(made)}", config)
        made.append(Job(run, run.start(small), threads=1, **(job or {})))
        return made[-1]

    yield build
    for each in made:
        each.close()


@pytest.fixture
def job(make: Make) -> Job:
    return make()


def slow(job: Job, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let each step take its time."""
    step = job._trainer.step

    def sleepy() -> Any:
        time.sleep(seconds)
        return step()

    monkeypatch.setattr(job._trainer, "step", sleepy)


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


def test_a_refused_change_is_told_and_harms_nothing(job: Job) -> None:
    job.play()
    for values, said in (({"bottleneck": 0}, "bottleneck is 0"), ({"seed": 3}, "seed cannot")):
        with pytest.raises(Refusal, match=said):
            job.change(**values)
    assert job.playing
    assert job.error is None
    assert job.latest.edits == ()


def test_a_change_refused_late_is_told_all_the_same(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(job, monkeypatch, 0.6)
    job.step(2)
    until(lambda: job.playing)
    job.change(seed=3)
    job.wait(20)
    assert str(job.error).startswith("seed cannot change while a run trains")
    assert job.config.seed == 0
    assert job.latest.step == 2


def test_divergence_surfaces_and_can_be_mended(make: Make) -> None:
    values = {"optimizer": "sgd", "momentum": 0.99, "hidden": "12-8", "activation": "relu"}
    job = make(**values)
    job.step(6)
    job.wait(20)
    job.change(learning_rate=10.0)
    job.play()
    assert job.wait(30)
    error = job.error
    assert isinstance(error, Diverged)
    assert "learning_rate, which is 10; try 1" in str(error)
    assert np.isfinite(job.latest.codes).all()
    stood = job.latest.step
    job.change(learning_rate=1e-3, momentum=0.0)
    job.step(5)
    assert job.wait(20)
    assert job.error is None
    assert job.latest.step == stood + 5
    steps = [row["step"] for row in job.run.history()]
    assert steps == sorted(set(steps)) == [row["step"] for row in job.latest.history]


def test_a_full_disk_surfaces(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(job.run, "record", full)
    job.play()
    assert job.wait(20)
    assert str(job.error) == "The run could not be saved: No space left on device."
    assert job.alive
    monkeypatch.undo()
    job.step(2)
    assert job.wait(20)
    assert job.error is None
    assert job.run.summary()["step"] == job.latest.step == 3


def test_a_full_disk_on_pausing_surfaces(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    job.play()
    monkeypatch.setattr(job.run, "save", full)
    job.pause()
    assert job.wait(20)
    assert "No space left" in str(job.error)
    assert not job.playing
    monkeypatch.undo()


def test_the_unexpected_surfaces_too(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(job._trainer, "step", broken)
    job.step(3)
    assert job.wait(20)
    assert str(job.error) == "Training stopped unexpectedly: a bug."
    assert "ZeroDivisionError" in caplog.text
    assert job.alive
    monkeypatch.undo()


def test_what_breaks_while_an_error_is_told_still_lets_the_run_go(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make()

    def broken(*args: object) -> None:
        raise ZeroDivisionError("a bug")

    caught: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", caught.append)
    monkeypatch.setattr(job._trainer, "step", broken)
    monkeypatch.setattr(job._trainer, "snapshot", broken)
    job.step(1)
    until(lambda: not job.alive)
    assert len(caught) == 1
    assert "a bug" in str(job.error)
    assert not job.run.busy


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


def test_a_full_disk_on_closing_still_lets_go(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(job.run, "save", full)
    job.close()
    assert not job.run.busy
    assert "could not be saved on closing" in caplog.text


def test_commands_after_closing_are_refused(job: Job) -> None:
    job.close()
    commands: list[Callable[[], None]] = [
        *(job.play, job.pause, job.step, lambda: job.change(noise=0.1), lambda: job.choose(None))
    ]
    for command in commands:
        with pytest.raises(Refusal, match="The run run0 was closed; open it again"):
            command()
    assert job.watch().step == 0


def test_commands_that_wait_while_it_closes_are_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(job, monkeypatch, 0.25)
    monkeypatch.setattr("aecore.job.ANSWER_SECONDS", 20.0)
    refused: list[str] = []

    def ask() -> None:
        try:
            job.change(noise=0.7)
        except Refusal as refusal:
            refused.append(str(refusal))

    job.step(1)
    until(lambda: job.playing and not job._commands)
    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: len(job._commands) == 1)
    job.close()
    asking.join(20)
    assert refused == ["The run run0 was closed; open it again."]


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

    monkeypatch.setattr("aecore.job.WATCHED_SECONDS", 0.0)
    monkeypatch.setattr("aecore.run.frame.due", lambda step: False)
    monkeypatch.setattr(job._trainer, "snapshot", counted)
    job.step(30)
    job.wait(20)
    # One to look at and one to save, when it stops.
    assert set(taken) == {30}
