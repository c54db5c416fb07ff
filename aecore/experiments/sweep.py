"""Train many runs, on this machine or a cluster, reusing those that exist already."""

import functools
import hashlib
import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Cancelled, DataError, LabError
from aecore.experiments.grid import Planned
from aecore.experiments.pool import Submit, workers
from aecore.files import check_writable
from aecore.runs import archive
from aecore.runs.run import Run

CANCEL_SECONDS = 0.2
WHOLE = (1.0,)
# After each share of the steps, only the best third continues.
HALVING = (1 / 9, 1 / 3, 1.0)


@dataclass(frozen=True)
class Outcome:
    """The result of one run of a sweep.

    Attributes
    ----------
    place : int
        Index of the planned run.
    values : mapping of str to value
        The values of the knobs that the sweep varies.
    name : str
        Name of the run's folder; empty if there is no run.
    reason : LabError or None
        Why there is no result.
    summary : mapping
        The contents of ``run.json``: ``held_out``, the validation error, ``pca``, ``step``,
        ``total_steps`` and more.
    stopped : bool
        Whether successive halving stopped it early.
    done, total : int
        Number of results so far, including this one, and in total.
    seconds_left : float
        Estimated time to the end of the sweep; NaN before any run was trained.
    """

    place: int
    values: Mapping[str, Any]
    name: str = ""
    reason: LabError | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    stopped: bool = False
    done: int = 0
    total: int = 0
    seconds_left: float = math.nan


def folder_name(config: Config) -> str:
    """Return the name of a run's folder, which depends only on its settings."""
    text = json.dumps(config.model_dump(), sort_keys=True)
    return f"{config.dataset}-{config.bottleneck}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def sweep(
    configs: Sequence[Planned | Config],
    dataset: Dataset | str,
    *,
    root: Path,
    scheduler: str | None = None,
    processes: int | None = None,
    halving: bool = False,
    cancel: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Train many runs and yield each when it is done; finished and invalid ones come first.

    The name of a run's folder depends only on its settings, so an interrupted sweep can be resumed,
    and overlapping sweeps share runs. Runs are compared by their errors on validation images, which
    none of them is trained on; runs on other classes or datasets, or with other noise, are measured
    on other images, so their errors are not comparable.

    Parameters
    ----------
    configs : sequence of Planned or Config
        For example from `aecore.experiments.grid.grid` or `sample`.
    dataset : Dataset or str
        A dataset is sent to each worker once; a name is loaded by the worker.
    root : Path
        Folder that contains the runs' folders.
    scheduler : str, optional
        Address of a Dask scheduler; by default, processes of this machine are used.
    processes : int, optional
        Number of processes on this machine, with one thread each; by default one per core.
    halving : bool
        Successive halving: stop the two thirds of the runs with the largest validation error after
        a ninth of the steps, and again after a third (Jamieson and Talwalkar, 2016,
        "Non-stochastic best arm identification").
    cancel : threading.Event, optional
        Setting it ends the sweep; unfinished runs are abandoned.

    Yields
    ------
    Outcome

    Raises
    ------
    ConfigError
        If the scheduler cannot be reached.
    RunError
        If runs are missing and the folder cannot be written to.
    """
    planned = [p if isinstance(p, Planned) else Planned(p.model_dump(), p) for p in configs]
    clock = _Clock(len(planned))
    waiting: dict[int, Config] = {}
    images = functools.cache(lambda: _load(dataset))
    for place, each in enumerate(planned):
        reason = each.reason if each.config is None else _changed_dataset(root, each.config, images)
        if each.config is None or reason is not None:
            yield clock.row(Outcome(place, each.values, reason=reason))
        else:
            waiting[place] = each.config
    if all(_has_reached(root, config, 1.0) for config in waiting.values()):
        for place, config in waiting.items():
            yield clock.row(_outcome(root, place, planned[place], config))
        return
    check_writable(root)
    stop = cancel or threading.Event()
    shares = HALVING if halving else WHOLE
    with workers(dataset, scheduler, processes) as submit:
        for share in shares:
            outcomes: dict[int, Outcome] = {}
            for row in _stage(root, waiting, planned, share, submit, stop):
                outcomes[row.place] = row
                if row.reason or share == 1.0:
                    yield clock.row(row, trained=True)
            if stop.is_set():
                return
            if share < 1:
                measured = [row for row in outcomes.values() if not row.reason]
                ranked = sorted(measured, key=_validation_error)
                best = max(1, math.ceil(len(ranked) / 3))
                for row in ranked[best:]:
                    finished = row.summary["step"] >= row.summary["total_steps"]
                    yield clock.row(row, stopped=not finished, trained=True)
                waiting = {row.place: waiting[row.place] for row in ranked[:best]}


def _stage(
    root: Path,
    waiting: Mapping[int, Config],
    planned: Sequence[Planned],
    share: float,
    submit: Submit,
    stop: threading.Event,
) -> Iterator[Outcome]:
    """Train each run up to a share of its steps."""
    places: dict[Future[bytes], list[int]] = {}
    # Equal settings share one run.
    futures: dict[str, Future[bytes]] = {}
    for place, config in waiting.items():
        if _has_reached(root, config, share):
            yield _outcome(root, place, planned[place], config)
            continue
        if (name := folder_name(config)) not in futures:
            futures[name] = submit(config.model_dump(), share, _partial_run(root / name))
        places.setdefault(futures[name], []).append(place)
    left = set(places)
    while left and not stop.is_set():
        done, left = wait(left, timeout=CANCEL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            reason = _store(future, root, folder_name(waiting[places[future][0]]))
            for place in places.pop(future):
                if reason is None:
                    yield _outcome(root, place, planned[place], waiting[place])
                else:
                    yield Outcome(place, planned[place].values, reason=reason)
    for future in left:
        future.cancel()


def _store(future: Future[bytes], root: Path, name: str) -> LabError | None:
    """Unpack a trained run into the folder of runs, or return why there is none."""
    try:
        archive.unpack(BytesIO(future.result()), root, name=name, replace=True)
    except LabError as error:
        return error
    except CancelledError:
        return Cancelled("The sweep was stopped.")
    except Exception as error:  # The other runs continue, whatever happened to a worker.
        return LabError("Its worker failed: {error}.", error=f"{type(error).__name__}: {error}")
    return None


def _partial_run(path: Path) -> bytes | None:
    """Return an unfinished run as a ZIP, or None if there is none."""
    try:
        saved = (path / "checkpoint" / "state.json").exists()
        return archive.pack(Run(path), compress=False) if saved else None
    except LabError:
        return None


def _has_reached(root: Path, config: Config, share: float) -> bool:
    try:
        return Run(root / folder_name(config)).has_reached(share)
    except LabError:
        return False


def _summary(root: Path, config: Config) -> Mapping[str, Any]:
    """Return the contents of ``run.json``; empty if there is no such run."""
    try:
        return Run(root / folder_name(config)).summary()
    except LabError:
        return {}


def _load(dataset: Dataset | str) -> Dataset | None:
    """Return the dataset, or None if only the workers have it."""
    try:
        return data.load(dataset) if isinstance(dataset, str) else dataset
    except DataError:
        return None


def _changed_dataset(
    root: Path, config: Config, images: Callable[[], Dataset | None]
) -> DataError | None:
    """Return why a run that exists cannot be reused: it was trained on other images."""
    fingerprint = _summary(root, config).get("fingerprint")
    # Finding the fingerprint of a large dataset takes a second, and few sweeps meet an earlier run.
    if fingerprint is None or (dataset := images()) is None:
        return None
    try:
        dataset.require(fingerprint)
    except DataError as error:
        return error
    return None


def _outcome(root: Path, place: int, planned: Planned, config: Config) -> Outcome:
    name = folder_name(config)
    return Outcome(place, planned.values, name, summary=Run(root / name).summary())


def _validation_error(row: Outcome) -> float:
    error = row.summary.get("held_out")
    return float(error) if error is not None else math.inf


class _Clock:
    """Count results and estimate the remaining time."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._trained = total, 0, 0
        self._start = time.monotonic()

    def row(self, row: Outcome, *, stopped: bool = False, trained: bool = False) -> Outcome:
        self._done += 1
        self._trained += trained
        seconds = time.monotonic() - self._start
        per_run = seconds / self._trained if self._trained else math.nan
        fields = {**vars(row), "stopped": stopped, "done": self._done, "total": self._total}
        return Outcome(**{**fields, "seconds_left": per_run * (self._total - self._done)})
