"""The sweep and the measurement this server runs in the background."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import streamlit as st

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments import scaling, variants
from aecore.experiments.grid import Planned
from aecore.experiments.scaling import Measurement
from aecore.experiments.sweep import Outcome, sweep
from aecore.files import check_writable
from dashboard.state.task import Task, TaskSlot


def processes() -> int:
    """Return how many runs train at once: a core is left for the page and the current run."""
    return max(1, (os.cpu_count() or 2) - 1)


@st.cache_resource(show_spinner=False)
def sweeps() -> TaskSlot[Outcome]:
    """Return the slot of the sweep; its task is about the settings it varies."""
    return TaskSlot()


@st.cache_resource(show_spinner=False)
def measurements() -> TaskSlot[Measurement]:
    """Return the slot of the measurement of time and memory."""
    return TaskSlot()


def start_sweep(
    knobs: Sequence[str],
    planned: Sequence[Planned],
    dataset: Dataset,
    root: Path,
    *,
    halving: bool = False,
) -> None:
    """Start a sweep.

    Raises
    ------
    LabError
        Where one is running.
    """

    def work(task: Task[Outcome]) -> Iterator[Outcome]:
        return sweep(
            planned,
            dataset,
            root=root,
            processes=processes(),
            halving=halving,
            cancel=task.cancelled,
        )

    _start(Task(len(planned), tuple(knobs)), work)


def start_variants(configs: Mapping[str, Config], dataset: Dataset, root: Path) -> None:
    """Start training variants, after the trials that choose their learning rates.

    Raises
    ------
    LabError
        Where a sweep is running.
    """

    def work(task: Task[Outcome]) -> Iterator[Outcome]:
        return variants.train(
            configs, dataset, root=root, processes=processes(), cancel=task.cancelled
        )

    _start(Task(variants.run_count(configs), ("activation", "sparsity_kind")), work)


def _start(task: Task[Outcome], work: Callable[[Task[Outcome]], Iterator[Outcome]]) -> None:
    busy = LabError("A sweep is running; cancel it, or wait until it has finished.")
    sweeps().start(task, work, busy)


def start_measurement(counts: Sequence[int], sides: Sequence[int], root: Path) -> None:
    """Start measuring time and memory as datasets grow; each row is written to disk at once.

    Raises
    ------
    LabError
        Where a measurement is running, or the folder cannot be written to.
    """
    check_writable(root)

    def work(task: Task[Measurement]) -> Iterator[Measurement]:
        for row in scaling.measure(counts, sides, cancel=task.cancelled):
            scaling.save([row], root)
            yield row

    busy = LabError("A measurement is running; cancel it, or wait until it has finished.")
    total = len(counts) * len(sides) * len(scaling.METHODS)
    measurements().start(Task(total), work, busy)
