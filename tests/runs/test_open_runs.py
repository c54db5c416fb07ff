import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aecore import data
from aecore.config import Config
from aecore.errors import Cancelled, LabError
from aecore.runs.folder import runs
from aecore.runs.followed import FollowedRun
from aecore.runs.job import Job
from aecore.runs.live_run import LiveRun
from aecore.runs.open_runs import OpenRuns
from aecore.runs.run import Run
from aecore.runs.slots import TrainingSlots
from tests.support import until

SMALL = Config(hidden="16", batch_size=128, precision="float32", epochs=1000)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenRuns]:
    instance = OpenRuns(tmp_path, data.load, TrainingSlots(1))
    yield instance
    instance.close_all()


def train_steps(run: LiveRun, count: int) -> Run:
    assert isinstance(run, Job)
    run.step(count)
    assert run.wait(60)
    return run.run


def test_run_is_on_disk_from_its_first_step(opened: OpenRuns) -> None:
    job = opened.start(SMALL)
    assert list(opened.root.iterdir()) == []
    run = train_steps(job, 1)
    assert [each.path for each in runs(opened.root)] == [run.path]
    assert run.frames() == [0, 1]
    assert run.config == SMALL


def test_draft_changed_before_its_first_step_leaves_nothing(opened: OpenRuns) -> None:
    job = opened.start(SMALL)
    job.change(noise=0.3)
    opened.close(job)
    assert list(opened.root.iterdir()) == []


def test_run_trained_unwatched_is_never_discarded(opened: OpenRuns) -> None:
    job = opened.start(SMALL)
    assert isinstance(job, Job)
    seen = job.watch()
    job._watched_at = -1e9
    job.play()
    job._watched_at = time.monotonic() - 100
    until(lambda: job._trainer.steps > 5)
    assert job.latest is seen
    opened.close(job)
    assert Run(job.run.path).summary()["step"] > 5


def test_runs_started_at_once_have_different_folders(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL)
    opened.close(first)
    third = opened.start(SMALL)
    assert len({each.run.path for each in (first, second, third)}) == 3


def test_refused_start_leaves_nothing(opened: OpenRuns) -> None:
    with pytest.raises(LabError, match="nowhere"):
        opened.start(SMALL.changed(dataset="nowhere"))
    with pytest.raises(LabError, match="classes"):
        opened.start(SMALL.changed(classes="11"))
    assert list(opened.root.iterdir()) == []
    assert opened.newest() is None


def test_start_that_is_no_longer_wanted_is_cancelled(opened: OpenRuns) -> None:
    with pytest.raises(Cancelled):
        opened.start(SMALL, lambda: False)


def test_saved_run_resumes_where_it_stopped(opened: OpenRuns) -> None:
    job = opened.start(SMALL)
    run = train_steps(job, 5)
    assert opened.open(Run(run.path)) is job
    opened.close(job)
    again = opened.open(Run(run.path))
    assert again.watch().step == 5
    train_steps(again, 2)
    assert again.watch().step == 7


def test_run_trained_by_another_program_is_followed_and_then_resumed(opened: OpenRuns) -> None:
    job = opened.start(SMALL)
    run = train_steps(job, 2)
    opened.close(job)
    other_program = Run(run.path)
    other_program.claim()
    followed = opened.open(Run(run.path))
    assert isinstance(followed, FollowedRun)
    assert opened.open(Run(run.path)) is followed
    other_program.release()
    resumed = opened.open(Run(run.path))
    assert isinstance(resumed, Job)
    assert resumed.watch().step == 2


def test_damaged_run_is_rejected_and_released(opened: OpenRuns) -> None:
    job = opened.start(SMALL)
    run = train_steps(job, 1)
    opened.close(job)
    (run.path / "checkpoint" / "state.json").write_text("{")
    with pytest.raises(LabError):
        opened.open(Run(run.path))
    assert not Run(run.path).busy


def test_run_is_found_by_its_present_settings(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL.changed(seed=1))
    first.change(noise=0.2)
    assert opened.find(SMALL) is None
    assert opened.find(SMALL.changed(noise=0.2)) is first
    assert opened.find(SMALL.changed(seed=1)) is second


def test_newest_is_the_run_at_work_looked_at_last(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL.changed(seed=1))
    opened.look(first)
    assert opened.newest() is first
    second.play()
    assert opened.newest() is second


def test_paused_runs_that_nobody_looks_at_are_closed(opened: OpenRuns) -> None:
    started = [opened.start(SMALL.changed(seed=seed)) for seed in range(5)]
    for each in reversed(started):
        opened.look(each)
    started[3].play()
    train_steps(started[0], 1)
    jobs = [each for each in started if isinstance(each, Job)]
    opened.close_idle([started[4]], keep=1)
    assert [job.alive for job in jobs] == [True, False, False, True, True]
    opened.close_idle([started[4]])
    assert [job.alive for job in jobs] == [False, False, False, True, True]


def test_closing_saves_and_releases_all_runs(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL.changed(seed=1))
    first.play()
    until(lambda: first.watch().step > 0)
    train_steps(second, 3)
    opened.close_all()
    for each in (first, second):
        assert isinstance(each, Job)
        assert not each.alive
        assert each.run.summary()["step"] >= each.latest.step > 0
        assert not Run(each.run.path).busy


def test_second_run_waits_until_the_first_pauses(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL.changed(seed=1))
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.1):
            first.watch()
            second.watch()

    looking = threading.Thread(target=look)
    looking.start()
    try:
        first.play()
        second.play()
        until(lambda: second.waiting)
        assert not first.waiting
        step = second.watch().step
        train_steps_of_first = first.watch().step
        until(lambda: first.watch().step > train_steps_of_first)
        assert second.watch().step == step
        first.pause()
        until(lambda: second.watch().step > step)
        assert not second.waiting
    finally:
        stop.set()
        looking.join()


def test_few_steps_are_taken_without_waiting(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL.changed(seed=1))
    first.play()
    train_steps(second, 3)
    assert second.watch().step == 3
    assert first.playing


def test_run_that_nobody_watches_gives_way(opened: OpenRuns) -> None:
    first, second = opened.start(SMALL), opened.start(SMALL.changed(seed=1))
    assert isinstance(first, Job)
    first.play()
    second.play()
    first._watched_at = time.monotonic() - 100
    until(lambda: second.watch().step > 0)
    assert first.waiting
    second.pause()
    until(lambda: not first.waiting)


def test_dataset_is_in_use_while_a_run_on_it_plays(opened: OpenRuns) -> None:
    run = opened.start(SMALL)
    assert not opened.uses("digits")
    run.play()
    assert opened.uses("digits")
    assert not opened.uses("strokes")
    run.pause()
    until(lambda: not opened.uses("digits"))
