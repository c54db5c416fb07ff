"""Fixtures for tests of jobs: jobs of small runs, closed after each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.job import Job
from aecore.runs.run import Run

MakeJob = Callable[..., Job]


@pytest.fixture
def make_job(
    tmp_path: Path, small: Dataset, quick: Config, no_thread_left: None
) -> Iterator[MakeJob]:
    """Return a factory for jobs of long runs; close them after the test."""
    jobs: list[Job] = []

    def create(*, options: dict[str, Any] | None = None, **values: Any) -> Job:
        config = quick.changed(**{"epochs": 1000, "schedule": "constant", **values})
        run = Run.create(tmp_path / f"run{len(jobs)}", config)
        jobs.append(Job(run, run.start(small), threads=1, **(options or {})))
        return jobs[-1]

    yield create
    for each in jobs:
        each.close()


@pytest.fixture
def job(make_job: MakeJob) -> Job:
    return make_job()
