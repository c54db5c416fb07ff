"""``aecore train``: train an autoencoder in a terminal and save the run as it goes."""

import json
import os
import shlex
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
from aecore.cli.data import load_local
from aecore.cli.knobs import Flags
from aecore.cli.terminal.output import AsJson, print_note, print_result
from aecore.cli.terminal.stopping import Stop, stopping
from aecore.errors import ConfigError, Diverged
from aecore.i18n import t
from aecore.presets import PRESETS, preset

if TYPE_CHECKING:
    from aecore.runs.run import Run
    from aecore.training.snapshot import Record
    from aecore.training.trainer import Trainer

DIVERGED = 1


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
    """Train an autoencoder and save the run in a folder; Ctrl-C stops and saves.

    Hidden widths, batch size, epochs and learning rate suit the images unless given; a preset may
    have other defaults than those shown here.
    """
    # Spinning threads starve each other when the processor is shared.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    torch.set_num_threads(threads or os.cpu_count() or 1)
    values = flags.model_dump(exclude_unset=True) if flags else {}
    with stopping() as stop, _open_run(name, values, out, resume=resume) as (run, trainer):
        code, facts = _train(run, trainer, stop, quiet=as_json)
        if code:
            text = t("Saved at step {step:,}. Resume with: ", step=trainer.steps)
            print_note(text + f"aecore train --resume --out {shlex.quote(str(out or run.path))}")
    result = {**_progress(run, trainer), **_errors(run, trainer), **facts}
    print_result(json.dumps(result) if as_json else _verdict(result))
    return code


def _train(
    run: "Run", trainer: "Trainer", stop: Stop, *, quiet: bool
) -> tuple[int, dict[str, float]]:
    """Train to the end, a signal or divergence, and save; return the exit code and the speed."""
    first, start, speed, code = trainer.steps, time.monotonic(), 0, 0

    def after_step() -> bool:
        show()
        return bool(stop)

    try:
        with _bar(trainer, quiet=quiet) as show:
            if not stop:
                run.train(trainer, after_step=after_step)
    except Diverged as error:
        print_note(str(error))
        code = DIVERGED
    finally:
        # Also where nothing more can be printed, since the terminal was closed.
        seconds = time.monotonic() - start
        if trainer.steps > first:
            speed = round(_images(trainer, trainer.steps - first) / seconds)
            run.save(trainer, samples_per_second=speed)
    if not (code or trainer.finished):
        code = stop.code
    return code, {"samples_per_second": speed, "seconds": round(seconds, 3)}


@contextmanager
def _open_run(
    name: str | None, values: Mapping[str, Any], out: Path | None, *, resume: bool
) -> Iterator[tuple["Run", "Trainer"]]:
    """Yield a new run or the one to resume, and its trainer; release the run at the end."""
    from aecore.runs.folder import new_path, runs_root
    from aecore.runs.run import Run

    if not resume:
        config = preset(name or "stacked", **{"dataset": data.default(), **values})
        dataset = load_local(config.dataset)
        run = Run.draft(out or new_path(runs_root(), config), config)
        run.check_folder()
    elif out is None:
        raise ConfigError("--resume continues the run in a folder; name the folder with --out.")
    else:
        run = Run(out)
        dataset = load_local(run.config.dataset)
        run.claim()
    try:
        # A run that was killed before its first checkpoint starts over.
        has_checkpoint = resume and (run.path / "checkpoint" / "state.json").exists()
        trainer = run.resume(dataset) if has_checkpoint else run.start(dataset)
        if resume:
            _change(run, trainer, name, values)
        yield run, trainer
    finally:
        run.release()


def _change(run: "Run", trainer: "Trainer", name: str | None, values: Mapping[str, Any]) -> None:
    """Change the knobs named on the command line, and no others, in a resumed run."""
    changes = dict(values)
    if name is not None:
        config = preset(name, **{"dataset": trainer.config.dataset, **values})
        changes = config.model_dump(include={*PRESETS[name].names, *values})
    edits = len(trainer.edits)
    trainer.change(**changes)
    if len(trainer.edits) > edits:
        run.save(trainer)
        if "epochs" in trainer.edits[-1]["changes"] and trainer.history and not trainer.finished:
            print_note(_continuation(trainer))


def _continuation(trainer: "Trainer") -> str:
    """Say how the learning rate goes on after the number of epochs has changed."""
    from aecore.choices.schedule import SCHEDULES
    from aecore.training.schedule import TrainingSchedule, learning_rate

    config, step, total = trainer.config, trainer.steps, trainer.total_steps
    schedule = TrainingSchedule(config, trainer.steps_per_epoch)
    now, last = (learning_rate(config, schedule.progress(each)) for each in (step, total - 1))
    return t(
        "Resumed at step {step:,} of {total:,}, {share:.0%} into the schedule {schedule}: the "
        "learning rate goes on from {before:.2g} to {now:.2g}, and ends at {last:.2g}.",
        step=step,
        total=total,
        share=schedule.progress(step),
        schedule=SCHEDULES[config.schedule].label,
        before=trainer.history[-1]["learning_rate"],
        now=now,
        last=last,
    )


@contextmanager
def _bar(trainer: "Trainer", *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Yield a function that updates a progress bar; it does nothing without a terminal."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda: None
        return
    columns = (BarColumn(20), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=trainer.total_steps, completed=trainer.steps)

        def show() -> None:
            speed = _images(trainer, progress.tasks[0].speed or 0)
            progress.update(task, completed=trainer.steps, description=_status(trainer, speed))

        yield show


def _status(trainer: "Trainer", speed: float) -> str:
    last = trainer.history[-1]
    return t(
        "step {step:,}  epoch {epoch:.1f}  validation error {held_out:.4f}  {pca}  "
        "{speed:,.0f} images/s",
        step=trainer.steps,
        epoch=trainer.steps / trainer.steps_per_epoch,
        held_out=last["held_out"],
        pca=_pca_status(last),
        speed=speed,
    )


def _pca_status(row: "Record") -> str:
    from aecore.metrics.pca import is_exact

    if is_exact(row["pca"]):
        return t("PCA is exact at this width")
    if row.get("noise"):
        return t("PCA (denoising) {error:.4f}", error=row["pca"])
    return t("PCA at d={bottleneck} {error:.4f}", bottleneck=row["bottleneck"], error=row["pca"])


def _count(trainer: "Trainer") -> int:
    return len(trainer.training_subset.images)


def _images(trainer: "Trainer", steps: float) -> float:
    """Return the number of images in `steps` steps, on average over an epoch."""
    return steps * _count(trainer) / trainer.steps_per_epoch


def _progress(run: "Run", trainer: "Trainer") -> dict[str, Any]:
    return {
        "run": str(run.path),
        "dataset": trainer.config.dataset,
        "bottleneck": trainer.config.bottleneck,
        "step": trainer.steps,
        "epoch": trainer.steps / trainer.steps_per_epoch,
        "finished": trainer.finished,
    }


def _errors(run: "Run", trainer: "Trainer") -> dict[str, float]:
    from aecore.applications.reconstruction_errors import reconstruction_errors
    from aecore.runs.trained_model import TrainedModel

    parts = (trainer.steps, trainer.config, trainer.model, trainer.dataset)
    return reconstruction_errors(TrainedModel(run.name, *parts))


def _verdict(result: Mapping[str, Any]) -> str:
    from aecore.applications.reconstruction_errors import is_pca_better

    text = t(
        "{run}: epoch {epoch:.1f}, error on all held-out images {test_mse:.5f}; {pca}.",
        pca=_pca_verdict(result),
        **result,
    )
    if result["finished"] and is_pca_better(result):
        text += " " + t("PCA has lower error: train longer, or with another learning rate.")
    return text


def _pca_verdict(result: Mapping[str, Any]) -> str:
    """Compare the network with PCA: with noise, on noisy images only."""
    from aecore.metrics.pca import is_exact

    if "noisy_pca_mse" in result:
        return t(
            "with noise {noisy_test_mse:.5f}, PCA (denoising) {noisy_pca_mse:.5f}",
            **result,
        )
    if is_exact(result["pca_mse_clamped"]):
        return t("PCA is exact at this width")
    return t("PCA at d={bottleneck} {pca_mse_clamped:.5f}", **result)
