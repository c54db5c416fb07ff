"""Plain helpers that tests of several parts share: advancing, comparing, waiting."""

import gettext
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.job import Job
from aecore.runs.run import Run
from aecore.training.snapshot import Record
from aecore.training.trainer import Trainer
from dashboard.state import active_run

LAYERED: Mapping[str, Any] = {"hidden": "12-8", "linear_path": False, "pretrain_epochs": 1}
"""Settings of a run that first trains one layer at a time."""


def advance(trainer: Trainer, steps: int) -> list[Record]:
    return [row for _ in range(steps) if (row := trainer.step()) is not None]


def advance_run(run: Run, trainer: Trainer, steps: int) -> None:
    """Train for some steps and record each."""
    run.train(trainer, trainer.steps + steps)


def trained(path: Path, dataset: Dataset, config: Config, steps: int = 10) -> Trainer:
    """Train a new run for some steps, save and let go of it."""
    run = Run.create(path, config)
    trainer = run.start(dataset)
    advance_run(run, trainer, steps)
    run.save(trainer)
    run.release()
    return trainer


def same(one: Trainer, other: Trainer) -> None:
    """Assert that two trainers stand at the same place, bit for bit."""
    here, there = one.state(), other.state()
    assert set(here.tensors) == set(there.tensors)
    for name, value in here.tensors.items():
        assert torch.equal(value, there.tensors[name]), name
    assert here.facts == there.facts
    assert here.history == there.history


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit, "it did not come to be"
        time.sleep(0.002)


def slow(job: Job, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let each step take its time."""
    step = job._trainer.step

    def sleepy() -> Any:
        time.sleep(seconds)
        return step()

    monkeypatch.setattr(job._trainer, "step", sleepy)


class Bracketed(gettext.NullTranslations):
    """A language in which every sentence is the English one in brackets."""

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
    """Return the run that the dashboard trains."""
    job = active_run.active_run().job
    assert job is not None
    return job
