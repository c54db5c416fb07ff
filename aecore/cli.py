"""The command line: everything the page does to data and runs, for scripts and long trainings.

Torch is imported where it is needed, so that asking for help takes no seconds.
"""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, CycloptsError, Group, Parameter
from cyclopts.validators import Number
from pydantic import BaseModel, create_model
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from aecore import data
from aecore.config import GROUPS, Config
from aecore.knob import Knob, knobs, table
from aecore.presets import PRESETS, preset
from aecore.words import Refusal, t

if TYPE_CHECKING:
    from aecore.run import Run
    from aecore.trainer import Trainer

FAILED, REFUSED, INTERRUPTED = 1, 2, 128

AsJson = Annotated[
    bool, Parameter("--json", negative="", help=t("Print the result as one line of JSON."))
]

app = App("aecore", help=t("Train autoencoders, and look after their data and runs."))
data_app = App("data", help=t("List, download and add images to learn from."))
app.command(data_app)


def main(tokens: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed, 2 refused, 128 and the signal if stopped.

    Parameters
    ----------
    tokens : sequence of str, optional
        The words after ``aecore``; those of the process by default.
    """
    words = sys.argv[1:] if tokens is None else list(tokens)
    settings: dict[str, Any] = {"print_error": False, "exit_on_error": False}
    try:
        code = app(words, **settings, result_action="return_value")
    except (Refusal, CycloptsError) as error:
        _tell(" ".join(str(error).split()))
        code = REFUSED
    except OSError as error:
        _tell(t("Cannot go on: {error}.", error=error))
        code = FAILED
    sys.exit(code)


def _help(knob: Knob) -> str:
    shown = {True: t("on"), False: t("off")}[knob.default] if knob.kind == "switch" else knob.default
    facts = [knob.span, t("default {default}", default=shown)]
    facts += [t("may change while it trains")] if knob.live else []
    return f"{t(knob.words)} ({'; '.join(facts)})"


def _flags() -> type[BaseModel]:
    """Declare a flag for every knob; what is given stays text, and Config alone judges it."""
    groups = {name: Group(t(title), sort_key=1) for name, title in GROUPS.items()}
    fields: dict[str, Any] = {
        name: (
            Annotated[
                bool | None if knob.kind == "switch" else str | None,
                Parameter(help=_help(knob), group=groups[knob.group], show_default=False),
            ],
            None,
        )
        for name, knob in knobs(Config).items()
    }
    model: type[BaseModel] = create_model("Flags", **fields)
    return model


Flags = _flags()


@app.command(
    help=t(
        "Train an autoencoder, and keep the run in a folder. Values not given are the preset's; "
        "Ctrl-C stops and saves."
    )
)
def train(
    flags: Annotated[Flags | None, Parameter("*")] = None,
    *,
    name: Annotated[
        str | None, Parameter("--preset", help=t("Start from {all}.", all=", ".join(PRESETS)))
    ] = None,
    out: Annotated[
        Path | None, Parameter(help=t("The folder of the run; a new one below runs by default."))
    ] = None,
    resume: Annotated[
        bool, Parameter(negative="", help=t("Go on with the run in --out where it was."))
    ] = False,
    threads: Annotated[
        int | None, Parameter(validator=Number(gte=1), help=t("Processor threads; all by default."))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Train until finished, diverged or stopped; return the exit code."""
    import torch

    from aecore.trainer import Diverged

    torch.set_num_threads(threads or os.cpu_count() or 1)
    given = flags.model_dump(include=flags.model_fields_set) if flags else {}
    code = 0
    with _stopping() as stop, _opened(name, given, out, resume=resume) as (run, trainer):
        first, began = trainer.steps, time.monotonic()
        try:
            with _bar(trainer, quiet=as_json) as show:
                while not trainer.finished and not stop:
                    trainer.step()
                    run.record(trainer)
                    show()
        except Diverged as error:
            _tell(str(error))
            code = FAILED
        seconds = time.monotonic() - began
        speed = round(_images(trainer, trainer.steps - first) / seconds)
        if trainer.steps > first:
            run.save(trainer, samples_per_second=speed)
        if stop:
            code = INTERRUPTED + stop[0]
        if not trainer.finished:
            _tell_how_to_go_on(run, trainer)
    result = {
        "run": str(run.path),
        "dataset": trainer.config.dataset,
        "bottleneck": trainer.config.bottleneck,
        "step": trainer.steps,
        "epoch": trainer.steps / trainer.steps_per_epoch,
        **_errors(trainer),
        "samples_per_second": speed,
        "seconds": round(seconds, 3),
        "finished": trainer.finished,
    }
    _say(json.dumps(result) if as_json else _verdict(result))
    return code


@contextmanager
def _stopping() -> Iterator[list[int]]:
    """Collect the signals to stop, so that they take effect between two steps."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _opened(
    name: str | None, given: Mapping[str, Any], out: Path | None, *, resume: bool
) -> Iterator[tuple["Run", "Trainer"]]:
    """Give a new run or the one to resume, and its trainer; let go of it in the end."""
    from aecore.run import Run, new_path, runs_root

    if not resume:
        config = preset(name or "stacked", **{"dataset": data.default(), **given})
        dataset = _load(config.dataset)
        run = Run.create(out or new_path(runs_root(), config), config)
    elif out is None:
        raise Refusal("--resume goes on with the run in a folder; name the folder with --out.")
    else:
        run = Run(out)
        dataset = _load(run.config.dataset)
        run.claim()
    try:
        # A run killed before its first checkpoint has lost nothing, and starts again.
        begun = resume and (run.path / "checkpoint" / "state.json").exists()
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


def _load(name: str) -> data.Dataset:
    offer = data.offers().get(name)
    if offer is not None and not offer.present:
        raise Refusal(
            "{title} is not on this machine; get it ({megabytes} MB) with: "
            "aecore data download {name}",
            title=offer.title,
            megabytes=offer.megabytes,
            name=name,
        )
    return data.load(name)


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
        speed=speed,
        **{name: last[name] for name in ("held_out", "bottleneck", "pca")},
    )


def _images(trainer: "Trainer", steps: float) -> float:
    """Return how many images so many steps go through, smaller last batches allowed for."""
    count = min(len(trainer.dataset.images), trainer.config.train_size)
    return steps * count / trainer.steps_per_epoch


def _errors(trainer: "Trainer") -> dict[str, float]:
    """Measure the network and as many principal components on all held-out images."""
    from aecore import probe

    images, bottleneck = trainer.dataset.test_images, trainer.config.bottleneck
    count = min(len(trainer.dataset.images), trainer.config.train_size)
    pca = probe.pca(trainer.dataset, count)
    return {
        "test_mse": probe.error(trainer.model, images),
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
        said += " " + t("It loses to PCA: train longer, or with another learning rate.")
    return said


def _tell_how_to_go_on(run: "Run", trainer: "Trainer") -> None:
    _tell(
        t(
            "Saved at step {step:,}. Go on with: aecore train --resume --out {path}",
            step=trainer.steps,
            path=shlex.quote(str(run.path)),
        )
    )


@app.command(name="runs", help=t("List the runs in a folder, the last touched first."))
def list_runs(
    *,
    root: Annotated[Path | None, Parameter(help=t("AECORE_RUNS, or else runs, by default."))] = None,
    as_json: AsJson = False,
) -> int:
    """List runs; return the exit code."""
    from aecore.run import runs, runs_root

    folder = root or runs_root()
    rows = [{**run.summary(), "name": run.name, "busy": run.busy} for run in runs(folder)]
    if as_json:
        _say(json.dumps(rows))
    elif not rows:
        _tell(t("There are no runs in {folder}; start one with: aecore train", folder=folder))
    else:
        _show_runs(rows)
    return 0


def _show_runs(rows: Sequence[Mapping[str, Any]]) -> None:
    def number(value: float | None, form: str) -> str:
        return "" if value is None else format(value, form)

    heads = ("run", "data", "bottleneck", "step", "epoch", "held-out error", "PCA", "busy")
    _show(
        [t(head) for head in heads],
        [
            (
                row["name"],
                row["dataset"],
                str(row["bottleneck"]),
                number(row["step"], ","),
                number(row["epoch"], ".1f"),
                number(row["held_out"], ".5f"),
                number(row["pca"], ".5f"),
                t("yes") if row["busy"] else "",
            )
            for row in rows
        ],
    )


@data_app.command(name="list", help=t("List all data sets, and which are on this machine."))
def list_data() -> int:
    """List data sets; return the exit code."""
    _show(
        [t("name"), t("images"), t("where")],
        [
            (
                name,
                t(offer.words),
                t("here") if offer.present else t("{size} MB to download", size=offer.megabytes),
            )
            for name, offer in data.offers().items()
        ],
    )
    return 0


@data_app.command(help=t("Download a data set; after a cut, go on where it stopped."))
def download(name: Annotated[str, Parameter(help=t("As `aecore data list` says."))]) -> int:
    """Download a data set; return the exit code."""
    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("")
        data.download(
            name, progress=lambda done, whole: progress.update(task, completed=done, total=whole)
        )
    _say(t("{name} is in {root}.", name=name, root=data.data_root()))
    return 0


@data_app.command(help=t("Make a data set of your own images."))
def add(
    path: Annotated[Path, Parameter(help=t("A folder or .zip of images, an .npz or a CSV."))],
    *,
    name: Annotated[str, Parameter(help=t("What to call it."))],
    size: Annotated[
        int | None, Parameter(help=t("Make every image this high and wide, in pixels."))
    ] = None,
) -> int:
    """Add a data set; return the exit code."""
    added = data.add(path, name, size=size)
    height, width = added.shape
    _say(
        t(
            "{name}: {count:,} images to learn from and {held:,} held out, {height} by {width}.",
            name=name,
            count=len(added.images),
            held=len(added.test_images),
            height=height,
            width=width,
        )
    )
    return 0


@app.command(name="knobs", help=t("Print every hyperparameter as a Markdown table."))
def list_knobs() -> int:
    """Print the table that the README holds; return the exit code."""
    _say(table(Config))
    return 0


def _show(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=sum(max(map(len, column)) + 4 for column in zip(heads, *rows)))
    shown = Table(*heads, box=None)
    for row in rows:
        shown.add_row(*row)
    console.print(shown, markup=False)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
