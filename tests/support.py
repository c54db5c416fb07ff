"""Helpers shared by tests of several packages: training, comparing, waiting."""

import asyncio
import gettext
import os
import resource
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.job import Job
from aecore.runs.run import Run
from aecore.training.snapshot import Record
from aecore.training.trainer import Trainer
from dashboard.state import active_run

T = TypeVar("T")

LAYERED: Mapping[str, Any] = {"hidden": "12-8", "linear_path": False, "pretrain_epochs": 1}
"""Settings of a run with greedy layer-wise pretraining."""


def advance(trainer: Trainer, steps: int) -> list[Record]:
    """Train for some steps, and return the records they produced."""
    return [row for _ in range(steps) if (row := trainer.step()) is not None]


def advance_run(run: Run, trainer: Trainer, steps: int) -> None:
    """Train for some steps, and write their records to the run."""
    run.train(trainer, trainer.steps + steps)


def trained(path: Path, dataset: Dataset, config: Config, steps: int = 10) -> Trainer:
    """Train a new run for some steps, then save and release it."""
    run = Run.create(path, config)
    trainer = run.start(dataset)
    advance_run(run, trainer, steps)
    run.save(trainer)
    run.release()
    return trainer


def same(one: Trainer, other: Trainer) -> None:
    """Assert that two trainers have the same state, bit for bit."""
    state, expected = one.state(), other.state()
    assert set(state.tensors) == set(expected.tensors)
    for name, value in state.tensors.items():
        assert torch.equal(value, expected.tensors[name]), name
    assert state.facts == expected.facts
    assert state.history == expected.history


def saved_files(path: Path) -> dict[str, bytes]:
    """Return the content of all files of a run that must be a function of the run.

    ``run.json`` is not, as it contains the speed.
    """
    files = (each for each in sorted(path.rglob("*")) if each.is_file())
    contents = {str(each.relative_to(path)): each.read_bytes() for each in files}
    return {name: each for name, each in contents.items() if name not in ("run.json", ".lock")}


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Let every file that this process writes end at a size, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition holds, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"the condition did not hold within {seconds} s"
        time.sleep(0.002)


def slow(job: Job, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Make each step of a job take longer by some seconds."""
    step = job._trainer.step

    def slow_step() -> Any:
        time.sleep(seconds)
        return step()

    monkeypatch.setattr(job._trainer, "step", slow_step)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be written to a folder, not even by root, who drops his privileges meanwhile."""
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    user, nobody = os.geteuid(), 65534
    for path, mode in modes.items():
        path.chmod(mode & ~0o222 | 0o444)
    if user == 0:
        os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(user)
        for path, mode in modes.items():
            path.chmod(mode)


class Bracketed(gettext.NullTranslations):
    """A pseudo-translation that puts every English text in brackets."""

    def __init__(self, left: str = "[", right: str = "]") -> None:
        super().__init__()
        self._marks = left, right
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        self.asked.add(message)
        return message.join(self._marks)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def current_job() -> Job:
    """Return the job of the run that is active in the dashboard."""
    job = active_run.live()
    assert isinstance(job, Job)
    return job


def run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end; this thread may have an event loop already, the browser's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(coroutine)).result()
