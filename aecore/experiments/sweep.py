"""Many runs, here or on a cluster; what is done already is not done again."""

import hashlib
import json
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Cancelled, LabError
from aecore.experiments.grid import Planned
from aecore.experiments.pool import Submit, workers
from aecore.runs import archive
from aecore.runs.run import Run

CANCEL_SECONDS = 0.2
WHOLE = (1.0,)
# After each share only the better third goes on.
HALVING = (1 / 9, 1 / 3, 1.0)


@dataclass(frozen=True)
class Outcome:
    """One row of a sweep's results.

    Attributes
    ----------
    place : int
        Which of the planned runs it is.
    values : mapping of str to value
        The knobs that the sweep turned.
    name : str
        Of the run's folder; empty where there is none.
    reason : LabError or None
        Why there is no result.
    summary : mapping
        What ``run.json`` says: ``held_out``, ``pca``, ``step``, ``total_steps`` and more.
    stopped : bool
        Whether it was hopeless, and stopped early by successive halving.
    done, total : int
        Rows so far, this one counted, and in all.
    seconds_left : float
        Until all are done, as fast as so far; NaN before anything was trained.
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
    """Return the name of a run's folder, the same for the same settings."""
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
    """Train many runs and yield each as it is done, the finished and the impossible first.

    A run's folder is named for its settings, so a sweep that was cut goes on where it was, and two
    that overlap share what they have in common.

    Parameters
    ----------
    configs : sequence of Planned or Config
        As `aecore.experiments.grid.grid` and `sample` give them.
    dataset : Dataset or str
        A name is loaded by each worker; a Dataset is sent to each once.
    root : Path
        The folder in which the runs' folders are put.
    scheduler : str, optional
        Address of a Dask scheduler; processes of this machine by default.
    processes : int, optional
        Of this machine, with one thread each; as many as there are cores by default.
    halving : bool
        Stop two thirds after a ninth of the steps and again after a third: those with the largest
        held-out error (Jamieson and Talwalkar, 2016, "Non-stochastic best arm identification").
    cancel : threading.Event, optional
        Set, it ends the sweep; runs that are not finished are given up.

    Yields
    ------
    Outcome

    Raises
    ------
    LabError
        Where the scheduler cannot be reached.
    """
    planned = [p if isinstance(p, Planned) else Planned(p.model_dump(), p) for p in configs]
    clock = _Clock(len(planned))
    waiting: dict[int, Config] = {}
    for place, each in enumerate(planned):
        if each.config is None:
            yield clock.row(Outcome(place, each.values, reason=each.reason))
        else:
            waiting[place] = each.config
    if all(_has_reached(root, config, 1.0) for config in waiting.values()):
        for place, config in waiting.items():
            yield clock.row(_outcome(root, place, planned[place], config))
        return
    stop = cancel or threading.Event()
    shares = HALVING if halving else WHOLE
    with workers(dataset, scheduler, processes) as submit:
        for share in shares:
            going: dict[int, Outcome] = {}
            for row in _stage(root, waiting, planned, share, submit, stop):
                going[row.place] = row
                if row.reason or share == 1.0:
                    yield clock.row(row, trained=True)
            if stop.is_set():
                return
            if share < 1:
                ranked = sorted((r for r in going.values() if not r.reason), key=_held_out)
                best = max(1, math.ceil(len(ranked) / 3))
                for row in ranked[best:]:
                    whole = row.summary["step"] >= row.summary["total_steps"]
                    yield clock.row(row, stopped=not whole, trained=True)
                waiting = {row.place: waiting[row.place] for row in ranked[:best]}


def _stage(
    root: Path,
    waiting: Mapping[int, Config],
    planned: Sequence[Planned],
    share: float,
    submit: Submit,
    stop: threading.Event,
) -> Iterator[Outcome]:
    """Bring each run to a share of its steps."""
    asked: dict[Future[bytes], list[int]] = {}
    same: dict[str, Future[bytes]] = {}
    for place, config in waiting.items():
        if _has_reached(root, config, share):
            yield _outcome(root, place, planned[place], config)
            continue
        if (name := folder_name(config)) not in same:
            same[name] = submit(config.model_dump(), share, _partial_run(root / name))
        asked.setdefault(same[name], []).append(place)
    left = set(asked)
    while left and not stop.is_set():
        done, left = wait(left, timeout=CANCEL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            reason = _store(future, root, folder_name(waiting[asked[future][0]]))
            for place in asked.pop(future):
                if reason is None:
                    yield _outcome(root, place, planned[place], waiting[place])
                else:
                    yield Outcome(place, planned[place].values, reason=reason)
    for future in left:
        future.cancel()


def _store(future: Future[bytes], root: Path, name: str) -> LabError | None:
    """Put a run that came back among the others, or say why none came."""
    try:
        archive.unpack(BytesIO(future.result()), root, name=name, replace=True)
    except LabError as error:
        return error
    except CancelledError:
        return Cancelled("The sweep was stopped.")
    except Exception as error:  # Whatever it is that a worker died of, the other runs go on.
        return LabError("Its worker failed: {error}.", error=f"{type(error).__name__}: {error}")
    return None


def _partial_run(path: Path) -> bytes | None:
    """Return what there is of a run that was not finished."""
    try:
        saved = (path / "checkpoint" / "state.json").exists()
        return archive.pack(Run(path), compress=False) if saved else None
    except LabError:
        return None


def _has_reached(root: Path, config: Config, share: float) -> bool:
    try:
        summary = Run(root / folder_name(config)).summary()
        return bool(summary["step"] >= math.ceil(share * summary["total_steps"]))
    except (LabError, KeyError, TypeError):
        return False


def _outcome(root: Path, place: int, planned: Planned, config: Config) -> Outcome:
    name = folder_name(config)
    return Outcome(place, planned.values, name, summary=Run(root / name).summary())


def _held_out(row: Outcome) -> float:
    found = row.summary.get("held_out")
    return float(found) if found is not None else math.inf


class _Clock:
    """Count rows and guess the time that is left."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._trained = total, 0, 0
        self._began = time.monotonic()

    def row(self, row: Outcome, *, stopped: bool = False, trained: bool = False) -> Outcome:
        self._done += 1
        self._trained += trained
        each = (time.monotonic() - self._began) / self._trained if self._trained else math.nan
        about = {**vars(row), "stopped": stopped, "done": self._done, "total": self._total}
        return Outcome(**{**about, "seconds_left": each * (self._total - self._done)})
