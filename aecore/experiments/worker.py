"""What a worker of a sweep does: train one run in a folder of its own and hand it back as bytes.

The same function serves a process on this machine and a worker of a cluster; it needs no disk that
others see.
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
    """Train a run, or go on with one, and return its folder as a zip.

    Parameters
    ----------
    knobs : mapping of str to value
    dataset : Dataset or str
        Or the name of one that this machine has.
    share : float in (0, 1]
        How much of the run to do.
    previous : bytes, optional
        What an earlier call returned.
    report : callable, optional
        Told the share of the run that is done; what it raises ends the training.

    Raises
    ------
    LabError
        Where the run diverges, or the data set is not here.
    """
    torch.set_num_threads(1)
    images = _load(dataset) if isinstance(dataset, str) else dataset
    began, before = time.monotonic(), 0.0
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder:
        if previous is None:
            run = Run.create(Path(folder) / "run", Config(**knobs))
            trainer = run.start(images)
        else:
            run = archive.unpack(BytesIO(previous), Path(folder))
            run.claim()
            trainer = run.resume(images)
            before = float(run.summary().get("seconds") or 0)

        def tell() -> None:
            if report is not None:
                report(trainer.steps / trainer.total_steps)

        try:
            run.train(trainer, math.ceil(share * trainer.total_steps), tell)
            # Beside the history, not in it: equal runs have equal histories, whoever trains them.
            run.save(trainer, seconds=round(before + time.monotonic() - began, 3))
        finally:
            run.release()
        return archive.pack(run, compress=False)


@functools.lru_cache(maxsize=1)
def _load(name: str) -> Dataset:
    """Return a data set, the same for all runs of a sweep: its components are computed once."""
    return data.load(name)


def dataset_task(dataset: Dataset | str) -> Task:
    """Return the task that gives a worker the data set of all its runs."""
    if isinstance(dataset, str):
        return Task("dataset", {"name": dataset})
    facts = {"name": dataset.name, "classes": list(dataset.classes)}
    return Task("dataset", facts, {name: getattr(dataset, name) for name in ARRAYS})


def run_task(knobs: Mapping[str, Any], share: float, previous: bytes | None) -> Task:
    """Return the task of training a run; see `train_run`."""
    arrays = {} if previous is None else {"previous": np.frombuffer(previous, np.uint8)}
    return Task("train", {"knobs": dict(knobs), "share": share}, arrays)


def run_bytes(facts: Facts, arrays: Arrays) -> bytes:  # noqa: ARG001
    """Return what `train_run` did from the answer to a `run_task`."""
    return arrays["run"].tobytes()


class _Worker:
    """A process that trains runs of one data set."""

    dataset: Dataset | str

    def receive(self, facts: Facts, arrays: Arrays, report: Report) -> Answer:  # noqa: ARG002
        """Keep the data set of a `dataset_task`."""
        self.dataset = facts["name"]
        if arrays:
            images, labels, held_out, held_out_labels = (arrays[name] for name in ARRAYS)
            classes = tuple(facts["classes"])
            self.dataset = Dataset(
                facts["name"], images, labels, held_out, held_out_labels, classes
            )
        return {}, {}

    def train(self, facts: Facts, arrays: Arrays, report: Report) -> Answer:
        """Do a `run_task`."""
        previous = arrays["previous"].tobytes() if "previous" in arrays else None
        run = train_run(facts["knobs"], self.dataset, facts["share"], previous, report)
        return {}, {"run": np.frombuffer(run, np.uint8)}


_worker = _Worker()
HANDLERS: dict[str, Handler] = {"dataset": _worker.receive, "train": _worker.train}
