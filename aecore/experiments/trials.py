"""Short trial runs that choose the learning rate of a run.

Of a trial only the settings and the summary are kept, in the hidden folder ``.trials`` among the
runs, so that trials are neither listed nor repeated.
"""

import math
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Diverged, LabError
from aecore.experiments.grid import Planned
from aecore.experiments.sweep import Outcome, folder_name, sweep
from aecore.knob import knobs
from aecore.runs.run import Run
from aecore.training.schedule import passes, with_passes

FOLDER = ".trials"
KEPT = ("config.json", "run.json")
# Of the passes over the images.
SHARE = 1 / 5
FACTOR = math.sqrt(10)


def trials(config: Config) -> tuple[Config, ...]:
    """Return the settings of the trials of a run, by ascending learning rate.

    Each is a complete run with a fifth of the passes over the images, at least one. The learning
    rates are that of the run and those a factor of sqrt(10) below and above it, within the bounds
    of the setting.
    """
    short = with_passes(config, max(1, round(SHARE * passes(config))))
    return tuple(short.changed(learning_rate=rate) for rate in _rates(config.learning_rate))


def _rates(rate: float) -> list[float]:
    knob = knobs(Config)["learning_rate"]
    low, high = knob.low or 0, knob.high or math.inf
    others = (float(f"{each:.2g}") for each in (rate / FACTOR, rate * FACTOR))
    # At a bound of the setting there are only two.
    return sorted({rate, *(min(max(each, low), high) for each in others)})


def chosen(root: Path, dataset: Dataset, config: Config) -> Config | None:
    """Return the settings of a run with the learning rate of the best of its trials.

    Parameters
    ----------
    root : Path
        Folder that contains the runs' folders.
    dataset : Dataset
    config : Config

    Returns
    -------
    Config or None
        The best is that with the lowest validation error; the error of one that diverged is
        infinite. None if a trial is missing, or all have diverged.
    """
    folder = _folder(root, dataset)
    errors = {trial.learning_rate: _error(folder, trial) for trial in trials(config)}
    known = {rate: error for rate, error in errors.items() if error is not None}
    best = min(known, key=lambda rate: known[rate], default=None)
    if best is None or len(known) < len(errors) or math.isinf(known[best]):
        return None
    return config.changed(learning_rate=best)


def run_trials(
    configs: Sequence[Config],
    dataset: Dataset,
    *,
    root: Path,
    processes: int | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Outcome]:
    """Train the missing trials of some runs, and yield each trial when it is done.

    Parameters
    ----------
    configs : sequence of Config
        The settings of the runs.
    dataset, root, processes, cancel
        See `aecore.experiments.sweep.sweep`.

    Yields
    ------
    Outcome
        Its place is that of the run in `configs`.
    """
    folder = _folder(root, dataset)
    places, tried = [], []
    for place, config in enumerate(configs):
        for trial in trials(config):
            places.append(place)
            tried.append(trial)
    plans = [_plan(folder, trial) for trial in tried]
    for outcome in sweep(plans, dataset, root=folder, processes=processes, cancel=cancel):
        _keep_result(folder, tried[outcome.place], outcome.reason)
        yield Outcome(**{**vars(outcome), "place": places[outcome.place]})


def _folder(root: Path, dataset: Dataset) -> Path:
    """Return the folder of the trials on exactly these images."""
    return root / FOLDER / dataset.fingerprint


def _plan(folder: Path, trial: Config) -> Planned:
    if not (mark := _mark(folder, trial)).exists():
        return Planned(trial.model_dump(), trial)
    reason = Diverged(
        "An earlier trial with learning_rate {rate:g} diverged; to repeat it, delete {path}.",
        rate=trial.learning_rate,
        path=mark,
    )
    return Planned(trial.model_dump(), None, reason)


def _mark(folder: Path, trial: Config) -> Path:
    """Return the file that says that a trial has diverged."""
    return folder / f"{folder_name(trial)}.diverged"


def _keep_result(folder: Path, trial: Config, reason: LabError | None) -> None:
    """Keep that a trial diverged, or of its run the settings and the summary only."""
    if isinstance(reason, Diverged):
        folder.mkdir(parents=True, exist_ok=True)
        if not (mark := _mark(folder, trial)).exists():
            mark.touch()
    elif reason is None:
        for path in (folder / folder_name(trial)).iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in KEPT:
                path.unlink()


def _error(folder: Path, trial: Config) -> float | None:
    """Return the validation error of a trial, infinite if it diverged; None without a result."""
    try:
        run = Run(folder / folder_name(trial))
        return run.summary().get("held_out") if run.finished else None
    except LabError:
        return math.inf if _mark(folder, trial).exists() else None
