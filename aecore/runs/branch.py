"""Again from here with this changed: a run that differs from another in one thing only."""

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
    """Begin a run that is the same as another up to a step, and then has other knobs.

    The steps before are made again, from the same seed and with the same edits: up to the step the
    two are equal bit for bit. That takes as long as it took the first time.

    Parameters
    ----------
    parent : Run
    step : int
        From here on they may differ.
    dataset : Dataset
        The parent's.
    path : Path
        The new run's folder.
    report : callable, optional
        Told the steps made and the steps to make, now and then.
    **changes : value
        Live knobs that are changed at the step.

    Returns
    -------
    run : Run
        Claimed; release it when done.
    trainer : Trainer
        At the step, with the changes made.

    Raises
    ------
    RunError
        Where the parent never came so far, a knob is not live, or a value cannot be.
    """
    last = parent.frame()
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
    # A value that cannot be is refused before the steps are made again.
    last.config.changed(**changes)
    run = Run.create(path, parent.config)

    def tell() -> None:
        if report is not None:
            report(trainer.steps, step)

    try:
        trainer = run.start(dataset)
        edits = [(edit["step"], edit["changes"]) for edit in last.edits if edit["step"] <= step]
        for at, edit in edits:
            run.train(trainer, at, tell)
            trainer.change(**{name: after for name, (_, after) in edit.items()})
        run.train(trainer, step, tell)
        trainer.change(**changes)
        run.save(trainer)
    except BaseException:
        run.discard()
        raise
    return run, trainer
