"""``aecore train``: the loop around `Trainer.step` for a terminal, kept in a folder as it goes."""

import json
import os
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aecore import data
from aecore.cli.data import present
from aecore.cli.knobs import Flags
from aecore.cli.output import AsJson, say, tell
from aecore.errors import ConfigError
from aecore.i18n import t
from aecore.presets import PRESETS, preset

if TYPE_CHECKING:
    from aecore.runs.run import Run
    from aecore.training.trainer import Trainer

DIVERGED, STOPPED = 1, 128


def train(
    *,
    name: Annotated[
        str | None, Parameter("--preset", help=t("Start from {all}.", all=", ".join(PRESETS)))
    ] = None,
    out: Annotated[
        Path | None, Parameter(help=t("The folder of the run; a new one in runs by default."))
    ] = None,
    resume: Annotated[
        bool,
        Parameter(negative="", show_default=False, help=t("Resume the run in --out.")),
    ] = False,
    threads: Annotated[
        int | None, Parameter(validator=Number(gte=1), help=t("CPU threads; all by default."))
    ] = None,
    as_json: AsJson = False,
    flags: Annotated[Flags | None, Parameter("*")] = None,
) -> int:
    """Train an autoencoder and keep the run in a folder; Ctrl-C stops and saves.

    A preset, and a small data set, may have other defaults than are shown here.
    """
    # Threads that wait by spinning starve each other where others use the processor too.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(threads or os.cpu_count() or 1)
    given = flags.model_dump(exclude_unset=True) if flags else {}
    with _stopping() as stop, _opened(name, given, out, resume=resume) as (run, trainer):
        code, facts = _train(run, trainer, stop, quiet=as_json)
        if code:
            text = t("Saved at step {step:,}. Resume with: ", step=trainer.steps)
            tell(text + f"aecore train --resume --out {shlex.quote(str(out or run.path))}")
    result = {**_where(run, trainer), **_errors(trainer), **facts}
    say(json.dumps(result) if as_json else _verdict(result))
    return code


def _train(
    run: "Run", trainer: "Trainer", stop: list[int], *, quiet: bool
) -> tuple[int, dict[str, float]]:
    """Train to the end, the first signal, or divergence; save; return exit code and speed."""
    from aecore.training.trainer import Diverged

    first, began, code = trainer.steps, time.monotonic(), 0

    def after_step() -> bool:
        show()
        return bool(stop)

    try:
        with _bar(trainer, quiet=quiet) as show:
            if not stop:
                run.train(trainer, after_step=after_step)
    except Diverged as error:
        tell(str(error))
        code = DIVERGED
    seconds = time.monotonic() - began
    speed = round(_images(trainer, trainer.steps - first) / seconds)
    if trainer.steps > first:
        run.save(trainer, samples_per_second=speed)
    if not (code or trainer.finished):
        code = STOPPED + stop[0]
    return code, {"samples_per_second": speed, "seconds": round(seconds, 3)}


@contextmanager
def _stopping() -> Iterator[list[int]]:
    """Collect the signals to stop, so that they take effect between two steps."""
    caught: list[int] = []

    def catch(number: int, _frame: object) -> None:
        caught.append(number)

    before = {number: signal.signal(number, catch) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _opened(
    name: str | None, given: Mapping[str, Any], out: Path | None, *, resume: bool
) -> Iterator[tuple["Run", "Trainer"]]:
    """Give a new run or the one to go on with, and its trainer; let go of it in the end."""
    from aecore.runs.folder import new_path, runs_root
    from aecore.runs.run import Run

    if not resume:
        config = preset(name or "stacked", **{"dataset": data.default(), **given})
        dataset = present(config.dataset)
        run = Run.create(out or new_path(runs_root(), config), config)
    elif out is None:
        raise ConfigError("--resume continues the run in a folder; name the folder with --out.")
    else:
        run = Run(out)
        dataset = present(run.config.dataset)
        run.claim()
    try:
        # A run killed before its first checkpoint has lost nothing, and begins again.
        begun = (run.path / "checkpoint" / "state.json").exists()
        trainer = run.resume(dataset) if begun else run.start(dataset)
        if resume:
            _change(run, trainer, name, given)
        yield run, trainer
    finally:
        run.release()


def _change(run: "Run", trainer: "Trainer", name: str | None, given: Mapping[str, Any]) -> None:
    """Change what was asked for on the line, and nothing else, in a run that goes on."""
    wanted = dict(given)
    if name is not None:
        whole = preset(name, **{"dataset": trainer.config.dataset, **given})
        wanted = whole.model_dump(include={*PRESETS[name].values, *given})
    edits = len(trainer.edits)
    trainer.change(**wanted)
    if len(trainer.edits) > edits:
        run.save(trainer)


@contextmanager
def _bar(trainer: "Trainer", *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Give a function that shows where the trainer is; it does nothing where nobody looks."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda: None
        return
    columns = (BarColumn(20), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=trainer.total_steps, completed=trainer.steps)

        def show() -> None:
            speed = _images(trainer, progress.tasks[0].speed or 0)
            progress.update(task, completed=trainer.steps, description=_place(trainer, speed))

        yield show


def _place(trainer: "Trainer", speed: float) -> str:
    last = trainer.history[-1]
    return t(
        "step {step:,}  epoch {epoch:.1f}  held-out error {held_out:.4f}  "
        "PCA at d={bottleneck} {pca:.4f}  {speed:,.0f} images/s",
        step=trainer.steps,
        epoch=trainer.steps / trainer.steps_per_epoch,
        held_out=last["held_out"],
        bottleneck=last["bottleneck"],
        pca=last["pca"],
        speed=speed,
    )


def _count(trainer: "Trainer") -> int:
    return len(trainer.training_subset.images)


def _images(trainer: "Trainer", steps: float) -> float:
    """Return how many images so many steps go through, the last batch of an epoch being smaller."""
    return steps * _count(trainer) / trainer.steps_per_epoch


def _where(run: "Run", trainer: "Trainer") -> dict[str, Any]:
    return {
        "run": str(run.path),
        "dataset": trainer.config.dataset,
        "bottleneck": trainer.config.bottleneck,
        "step": trainer.steps,
        "epoch": trainer.steps / trainer.steps_per_epoch,
        "finished": trainer.finished,
    }


def _errors(trainer: "Trainer") -> dict[str, float]:
    """Measure the network, and as many principal components, on all held-out images of its kind."""
    from aecore.network.inference import error
    from aecore.training import probe

    images, bottleneck = trainer.training_subset.test_images, trainer.config.bottleneck
    pca = probe.training_pca(trainer.training_subset, _count(trainer))
    return {
        "test_mse": error(trainer.model, images),
        "pca_mse": pca.error(images, bottleneck),
        "pca_mse_clamped": pca.error(images, bottleneck, clamped=True),
    }


def _verdict(result: Mapping[str, Any]) -> str:
    said = t(
        "{run}: epoch {epoch:.1f}, error on all held-out images {test_mse:.5f}; "
        "PCA at d={bottleneck} {pca_mse_clamped:.5f}.",
        **result,
    )
    if result["finished"] and result["test_mse"] > result["pca_mse_clamped"]:
        said += " " + t("PCA has lower error: train longer, or with another learning rate.")
    return said
