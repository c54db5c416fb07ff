import threading
from collections.abc import Callable

import numpy as np
import pytest

from aecore.errors import LabError
from aecore.runs.job import Job
from aecore.training.trainer import Diverged
from tests.runs.job.conftest import Make
from tests.support import slow, until


def test_a_refused_change_is_told_and_harms_nothing(job: Job) -> None:
    job.play()
    for values, said in (({"bottleneck": 0}, "bottleneck is 0"), ({"seed": 3}, "seed cannot")):
        with pytest.raises(LabError, match=said):
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
    assert str(job.error).startswith("seed cannot change during training")
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


def test_a_full_disk_on_closing_still_lets_go(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(job.run, "save", full)
    job.close()
    assert not job.run.busy
    assert "could not be saved on closing" in caplog.text


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


def test_commands_after_closing_are_refused(job: Job) -> None:
    job.close()
    commands: list[Callable[[], None]] = [
        *(job.play, job.pause, job.step, lambda: job.change(noise=0.1), lambda: job.choose(None))
    ]
    for command in commands:
        with pytest.raises(LabError, match="The run run0 was closed; open it again"):
            command()
    assert job.watch().step == 0


def test_commands_that_wait_while_it_closes_are_refused(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(job, monkeypatch, 0.25)
    monkeypatch.setattr("aecore.runs.job.ANSWER_SECONDS", 20.0)
    refused: list[str] = []

    def ask() -> None:
        try:
            job.change(noise=0.7)
        except LabError as refusal:
            refused.append(str(refusal))

    job.step(1)
    until(lambda: job.playing and not job._commands)
    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: len(job._commands) == 1)
    job.close()
    asking.join(20)
    assert refused == ["The run run0 was closed; open it again."]
