import threading
from collections.abc import Callable

import numpy as np
import pytest

from aecore.errors import Diverged, LabError
from aecore.runs.job import Job
from tests.runs.job.conftest import MakeJob
from tests.support import slow, until


def test_invalid_change_raises_and_has_no_effect(job: Job) -> None:
    job.play()
    for values, message in (({"bottleneck": 0}, "bottleneck is 0"), ({"seed": 3}, "seed cannot")):
        with pytest.raises(LabError, match=message):
            job.change(**values)
    assert job.playing
    assert job.error is None
    assert job.latest.edits == ()


def test_error_of_a_change_that_runs_late_is_kept(
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


def test_divergence_is_reported_and_can_be_corrected(make_job: MakeJob) -> None:
    values = {"optimizer": "sgd", "momentum": 0.99, "hidden": "12-8", "activation": "relu"}
    job = make_job(**values)
    job.step(6)
    job.wait(20)
    job.change(learning_rate=10.0)
    job.play()
    assert job.wait(30)
    error = job.error
    assert isinstance(error, Diverged)
    assert "learning_rate, which is 10; try 1" in str(error)
    assert np.isfinite(job.latest.codes).all()
    step_before = job.latest.step
    job.change(learning_rate=1e-3, momentum=0.0)
    job.step(5)
    assert job.wait(20)
    assert job.error is None
    assert job.latest.step == step_before + 5
    steps = [row["step"] for row in job.run.history()]
    assert steps == sorted(set(steps)) == [row["step"] for row in job.latest.history]


def test_full_disk_is_reported(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(job.run, "record", fail)
    job.play()
    assert job.wait(20)
    assert str(job.error) == "The run could not be saved: No space left on device."
    assert job.alive
    monkeypatch.undo()
    job.step(2)
    assert job.wait(20)
    assert job.error is None
    assert job.run.summary()["step"] == job.latest.step == 2


def test_full_disk_on_pausing_is_reported(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    job.play()
    monkeypatch.setattr(job.run, "save", fail)
    job.pause()
    assert job.wait(20)
    assert "No space left" in str(job.error)
    assert not job.playing
    monkeypatch.undo()


def test_full_disk_on_closing_still_releases_the_run(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(job.run, "save", fail)
    job.close()
    assert not job.run.busy
    assert "could not be saved on closing" in caplog.text


def test_unexpected_error_is_reported(
    job: Job, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(job._trainer, "step", fail)
    job.step(3)
    assert job.wait(20)
    assert str(job.error) == "Training stopped unexpectedly: a bug."
    assert "ZeroDivisionError" in caplog.text
    assert job.alive
    monkeypatch.undo()


def test_failure_while_reporting_an_error_still_releases_the_run(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()

    def fail(*args: object) -> None:
        raise ZeroDivisionError("a bug")

    caught: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", caught.append)
    monkeypatch.setattr(job._trainer, "step", fail)
    monkeypatch.setattr(job._trainer, "snapshot", fail)
    job.step(1)
    until(lambda: not job.alive)
    assert len(caught) == 1
    assert "a bug" in str(job.error)
    assert not job.run.busy


def test_commands_after_closing_are_rejected(job: Job) -> None:
    job.close()
    commands: list[Callable[[], None]] = [
        *(job.play, job.pause, job.step, lambda: job.change(noise=0.1), lambda: job.choose(None))
    ]
    for command in commands:
        with pytest.raises(LabError, match="The run run0 was closed; open it again"):
            command()
    assert job.watch().step == 0


def test_commands_pending_while_the_job_closes_are_rejected(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(job, monkeypatch, 0.25)
    monkeypatch.setattr("aecore.runs.job.ANSWER_SECONDS", 20.0)
    messages: list[str] = []

    def change_noise() -> None:
        try:
            job.change(noise=0.7)
        except LabError as error:
            messages.append(str(error))

    job.step(1)
    until(lambda: job.playing and not job._commands)
    thread = threading.Thread(target=change_noise)
    thread.start()
    until(lambda: len(job._commands) == 1)
    job.close()
    thread.join(20)
    assert messages == ["The run run0 was closed; open it again."]
