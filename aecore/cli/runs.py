"""``aecore runs``: list the runs and their sizes, and free disk space."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from aecore.cli.terminal.output import AsJson, pca_cell, print_note, print_result, print_table
from aecore.errors import ConfigError, LabError
from aecore.files import MEGABYTE
from aecore.i18n import t

FORMATS: Mapping[str, str] = {
    "name": "",
    "dataset": "",
    "bottleneck": "",
    "step": ",",
    "epoch": ".1f",
    "held_out": ".5f",
    "pca": ".5f",
    "megabytes": ".1f",
}


def runs(
    *,
    root: Annotated[
        Path | None,
        Parameter(help=t("The folder of the runs; AECORE_RUNS by default, or else runs.")),
    ] = None,
    tidy: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help=t(
                "Say what can be freed on the disk: frames of finished runs that are not "
                "favourites, and the trash."
            ),
        ),
    ] = False,
    yes: Annotated[
        bool, Parameter(negative="", show_default=False, help=t("With --tidy: free it."))
    ] = False,
    trash: Annotated[
        bool,
        Parameter(negative="", show_default=False, help=t("List the deleted runs instead.")),
    ] = False,
    restore: Annotated[
        str | None, Parameter(help=t("Name of a deleted run to bring back."))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List runs, most recent first, with their errors and sizes, or free disk space."""
    from aecore.runs import folder as run_folder

    folder = root or run_folder.runs_root()
    if yes and not tidy:
        raise ConfigError("--yes confirms --tidy; provide both, or neither.")
    if tidy + trash + (restore is not None) > 1:
        raise ConfigError("--tidy, --trash and --restore exclude each other; provide one of them.")
    if tidy:
        where = f" --root {shlex.quote(str(root))}" if root else ""
        _tidy(folder, f"aecore runs --tidy --yes{where}", confirmed=yes, as_json=as_json)
    elif trash:
        _list_trash(folder, as_json=as_json)
    elif restore is not None:
        from aecore.runs.trash import restore as restore_run

        print_result(str(restore_run(folder, restore)))
    else:
        _list(folder, as_json=as_json)
    return 0


def _list(folder: Path, *, as_json: bool) -> None:
    from aecore.runs import folder as run_folder

    summaries = [summary for each in run_folder.runs(folder) if (summary := _summary(each))]
    if as_json:
        print_result(json.dumps(summaries))
    elif not summaries:
        print_note(t("There are no runs in {folder}; start one with: aecore train", folder=folder))
    else:
        heads = [
            t("name"),
            t("dataset"),
            t("bottleneck"),
            t("step"),
            t("epoch"),
            t("validation"),
            t("PCA"),
            t("MB"),
            t("busy"),
        ]
        print_table(heads, [_row(summary) for summary in summaries])


def _list_trash(folder: Path, *, as_json: bool) -> None:
    from aecore.runs import trash

    sizes = trash.sizes(folder)
    if as_json:
        print_result(json.dumps(sizes))
    elif not sizes:
        print_note(t("The trash is empty."))
    else:
        cells = [[name, f"{size / MEGABYTE:.1f}"] for name, size in sizes.items()]
        print_table([t("run"), t("MB")], cells)
        print_note(t("To bring one back: aecore runs --restore NAME"))


def _tidy(folder: Path, command: str, *, confirmed: bool, as_json: bool) -> None:
    """Print what can be freed and the command that frees it, or free it if that is confirmed."""
    from aecore.runs import tidy

    savings = tidy.find_savings(folder)
    if confirmed:
        savings = tidy.tidy(folder, savings)
    if as_json:
        facts = {"frames": dict(savings.frames), "trash": dict(savings.trash), "freed": confirmed}
        print_result(json.dumps(facts))
        return
    parts = [(t("frames"), savings.frames), (t("trash"), savings.trash)]
    cells = [
        [part, name, f"{size / MEGABYTE:.1f}"]
        for part, sizes in parts
        for name, size in sizes.items()
    ]
    if cells:
        print_table([t("what"), t("run"), t("MB")], cells)
    megabytes = savings.bytes / MEGABYTE
    if confirmed:
        print_note(t("Freed {size:,.1f} MB.", size=megabytes))
    elif cells:
        text = t("This would free {size:,.1f} MB. To do so: ", size=megabytes)
        print_note(text + command)
    else:
        print_note(t("There is nothing to free."))


def _summary(run: Any) -> dict[str, Any] | None:
    from aecore.runs.folder import disk_bytes

    try:
        # A folder may have been renamed since its run.json was written.
        size = disk_bytes(run.path) / MEGABYTE
        return {**run.summary(), "name": run.name, "busy": run.busy, "megabytes": round(size, 3)}
    except LabError as error:
        print_note(str(error))
        return None


def _row(summary: Mapping[str, Any]) -> list[str]:
    cells = [_cell(name, summary.get(name), spec) for name, spec in FORMATS.items()]
    return [*cells, t("yes") if summary["busy"] else ""]


def _cell(name: str, value: Any, spec: str) -> str:
    if value is None:
        return ""
    return pca_cell(value, spec) if name == "pca" else format(value, spec)
