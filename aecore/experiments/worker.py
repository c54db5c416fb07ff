"""The worker of a sweep, which trains a run in a temporary folder and returns it as bytes.

The same function serves processes of this machine and workers of a cluster; it needs no shared
disk.
"""

import functools
import math
import tempfile
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.runs import archive
from aecore.runs.run import Run
from aecore.workers.messages import Arrays, Facts
from aecore.workers.process import Task
from aecore.workers.serve import Answer, Handler, Report

ARRAYS = ("images", "labels", "test_images", "test_labels")


def train_run(
    knobs: Mapping[str, Any],
    dataset: Dataset | str,
    share: float,
    previous: bytes | None = None,
    report: Report | None = None,
) -> bytes:
    """Start or resume a run, and return its folder as a ZIP.

    Parameters
    ----------
    knobs : mapping of str to value
    dataset : Dataset or str
        A dataset, or the name of one on this machine.
    share : float in (0, 1]
        Share of the run's steps to reach.
    previous : bytes, optional
        Result of an earlier call, to resume from.
    report : callable, optional
        Called after each step with the completed share of the run; an exception it raises ends
        the training.

    Returns
    -------
    bytes

    Raises
    ------
    LabError
        If the run diverges, or the dataset is not on this machine.
    """
    torch.set_num_threads(1)
    images = _load(dataset) if isinstance(dataset, str) else dataset
    start, earlier_seconds = time.monotonic(), 0.0
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder:
        if previous is None:
            run = Run.create(Path(folder) / "run", Config(**knobs))
            trainer = run.start(images)
        else:
            run = archive.unpack(BytesIO(previous), Path(folder))
            run.claim()
            trainer = run.resume(images)
            earlier_seconds = float(run.summary().get("seconds") or 0)

        def report_progress() -> None:
            if report is not None:
                report(trainer.steps / trainer.total_steps)

        try:
            run.train(trainer, math.ceil(share * trainer.total_steps), report_progress)
            # Not in the history, which must be equal for equal runs.
            run.save(trainer, seconds=round(earlier_seconds + time.monotonic() - start, 3))
        finally:
            run.release()
        return archive.pack(run, compress=False)


@functools.lru_cache(maxsize=1)
def _load(name: str) -> Dataset:
    """Load a dataset once, so that all runs share its principal components."""
    return data.load(name)


def dataset_task(dataset: Dataset | str) -> Task:
    """Return the task that sends a worker the dataset of its runs."""
    if isinstance(dataset, str):
        return Task("dataset", {"name": dataset})
    facts = {"name": dataset.name, "classes": list(dataset.classes)}
    return Task("dataset", facts, {name: getattr(dataset, name) for name in ARRAYS})


def run_task(knobs: Mapping[str, Any], share: float, previous: bytes | None) -> Task:
    """Return the task that trains a run; see `train_run`."""
    arrays = {} if previous is None else {"previous": np.frombuffer(previous, np.uint8)}
    return Task("train", {"knobs": dict(knobs), "share": share}, arrays)


def run_bytes(facts: Facts, arrays: Arrays) -> bytes:  # noqa: ARG001
    """Extract the result of `train_run` from the answer to a `run_task`."""
    return arrays["run"].tobytes()


class _Worker:
    """The state of a worker process: the dataset of its runs."""

    dataset: Dataset | str

    def receive(self, facts: Facts, arrays: Arrays, report: Report) -> Answer:  # noqa: ARG002
        """Store the dataset of a `dataset_task`."""
        self.dataset = facts["name"]
        if arrays:
            images, labels, held_out, held_out_labels = (arrays[name] for name in ARRAYS)
            classes = tuple(facts["classes"])
            self.dataset = Dataset(
                facts["name"], images, labels, held_out, held_out_labels, classes
            )
        return {}, {}

    def train(self, facts: Facts, arrays: Arrays, report: Report) -> Answer:
        """Handle a `run_task`."""
        previous = arrays["previous"].tobytes() if "previous" in arrays else None
        run = train_run(facts["knobs"], self.dataset, facts["share"], previous, report)
        return {}, {"run": np.frombuffer(run, np.uint8)}


_worker = _Worker()
HANDLERS: dict[str, Handler] = {"dataset": _worker.receive, "train": _worker.train}
