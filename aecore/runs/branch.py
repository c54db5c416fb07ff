"""Branch a run: replay it up to a step, then change one thing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.knob import knobs
from aecore.runs.run import Run
from aecore.training.trainer import Trainer


def branch(
    parent: Run,
    step: int,
    dataset: Dataset,
    path: Path,
    *,
    report: Callable[[int, int], None] | None = None,
    **changes: Any,
) -> tuple[Run, Trainer]:
    """Start a run that equals another up to a step and then continues with other knobs.

    The steps up to there are replayed with the same seed and edits, so the two runs are equal bit
    for bit up to the step. This takes as long as it did the first time.

    Parameters
    ----------
    parent : Run
    step : int
        Step from which the runs may differ.
    dataset : Dataset
        The parent's dataset.
    path : Path
        Folder of the new run.
    report : callable, optional
        Called after each step with the number of steps so far and the total.
    **changes : value
        New values of live knobs from the step on.

    Returns
    -------
    run : Run
        The new run, locked; release it when done.
    trainer : Trainer
        Its trainer at the step, with the changes applied.

    Raises
    ------
    ConfigError
        If a value is invalid.
    RunError
        If the parent has not reached the step, or a knob is not live.
    DataError
        If the dataset has changed since the parent was trained.
    """
    last = parent.frame()
    last.require(dataset)
    if not 0 <= step <= last.step:
        raise RunError(
            "{name} is at step {last:,}; branch from a step up to there, not {step:,}.",
            name=parent.name,
            last=last.step,
            step=step,
        )
    for name in changes:
        if name in knobs(Config) and not knobs(Config)[name].live:
            raise RunError(
                "{name} cannot change during training; a branch changes live settings only.",
                name=name,
            )
    # Invalid values are rejected before the steps are replayed.
    last.config.changed(**changes)
    run = Run.create(path, parent.config)

    def report_progress() -> None:
        if report is not None:
            report(trainer.steps, step)

    try:
        trainer = run.start(dataset)
        edits = [(edit["step"], edit["changes"]) for edit in last.edits if edit["step"] <= step]
        for at, edit in edits:
            run.train(trainer, at, report_progress)
            trainer.change(**{name: after for name, (_, after) in edit.items()})
        run.train(trainer, step, report_progress)
        trainer.change(**changes)
        run.save(trainer)
    except BaseException:
        run.discard()
        raise
    return run, trainer
