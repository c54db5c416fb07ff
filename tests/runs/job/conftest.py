"""What tests of jobs share: jobs of small runs, closed in the end."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.job import Job
from aecore.runs.run import Run

Make = Callable[..., Job]


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
