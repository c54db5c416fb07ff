import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aecore import data
from aecore.config import Config
from aecore.errors import ConfigError, LabError
from aecore.runs.job import Job
from aecore.runs.live_run import LiveRun
from aecore.runs.open_runs import OpenRuns
from aecore.runs.starting_run import StartingRun

SMALL = Config(hidden="16", batch_size=128, precision="float32", epochs=1000)


class Start:
    """A start that is ready when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.runs = OpenRuns(folder, data.load)
        self.previous = self.runs.start(SMALL)
        self.proceed = threading.Event()
        self.error: Exception | None = None
        self.arrived: list[StartingRun] = []
        self.run = StartingRun(
            SMALL.changed(seed=1), self.previous, self._prepare, self.arrived.append
        )
        self.run.start()

    def _prepare(self, wanted: Callable[[], bool]) -> LiveRun:
        self.wanted = wanted
        assert self.proceed.wait(20)
        if self.error is not None:
            raise self.error
        return self.runs.start(self.run.config)

    def finish(self) -> None:
        self.proceed.set()
        assert self.run.wait(20)
        assert self.arrived == [self.run]

    @property
    def job(self) -> Job:
        assert isinstance(self.run.ready, Job)
        return self.run.ready


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    instance = Start(tmp_path)
    yield instance
    instance.proceed.set()
    instance.run.wait(20)
    instance.runs.close_all()


def is_starting(start: Start) -> bool:
    return start.run.starting


def test_run_in_view_is_watched_until_the_new_one_is_ready(start: Start) -> None:
    assert is_starting(start)
    assert start.run.watch() is start.previous.watch()
    assert start.run.config.seed == 1
    start.finish()
    assert not is_starting(start)
    assert start.job.config.seed == 1


def test_what_is_asked_for_meanwhile_is_done_when_it_is_ready(start: Start) -> None:
    start.run.step(2)
    start.run.change(noise=0.25)
    assert start.run.config.noise == 0.25
    start.finish()
    assert start.job.wait(20)
    assert start.job.watch().step == 2
    assert start.job.config.noise == 0.25


def test_last_of_play_and_pause_counts(start: Start) -> None:
    start.run.play()
    assert start.run.playing
    start.run.pause()
    start.run.play()
    start.finish()
    assert start.job.playing
    start.run.pause()
    assert start.job.wait(20)


def test_nothing_is_done_once_it_is_cancelled(start: Start) -> None:
    start.run.play()
    start.run.step(2)
    start.run.cancel()
    start.finish()
    assert not start.wanted()
    assert start.job.wait(20)
    assert start.job.watch().step == 0
    assert not start.job.run.on_disk


def test_invalid_change_is_refused_at_once(start: Start) -> None:
    with pytest.raises(ConfigError, match="noise is 7"):
        start.run.change(noise=7)
    assert start.run.config.noise == 0


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (LabError("No such dataset."), "No such dataset."),
        (OSError("No space left"), "Could not write to disk: No space left."),
        (RuntimeError("bug"), "The run could not be prepared: bug."),
    ],
)
def test_failure_is_kept_as_a_sentence(start: Start, error: Exception, text: str) -> None:
    start.error = error
    start.finish()
    assert not start.run.starting
    assert str(start.run.error) == text
    assert start.run.ready is None
