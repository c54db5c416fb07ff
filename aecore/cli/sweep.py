"""``aecore sweep``: train many runs, on this machine or a cluster."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from aecore import data
from aecore.cli.data import load_local
from aecore.cli.knobs import Flags
from aecore.cli.terminal.output import AsJson, pca_cell, print_note, print_result, print_table
from aecore.cli.terminal.stopping import stopping
from aecore.errors import RunError
from aecore.i18n import nt, t
from aecore.presets import preset

if TYPE_CHECKING:
    from aecore.experiments.sweep import Outcome


def sweep(
    *,
    name: Annotated[
        str, Parameter("--preset", help=t("The preset all runs start from."))
    ] = "stacked",
    out: Annotated[
        Path | None, Parameter(help=t("The folder of its runs; that of all runs by default."))
    ] = None,
    count: Annotated[
        int | None,
        Parameter(
            validator=Number(gte=1), help=t("Number of random combinations; all by default.")
        ),
    ] = None,
    scheduler: Annotated[
        str | None, Parameter(help=t("A Dask scheduler, such as tcp://host:8786."))
    ] = None,
    processes: Annotated[
        int | None,
        Parameter(
            validator=Number(gte=1), help=t("Processes on this machine; one per core by default.")
        ),
    ] = None,
    halving: Annotated[
        bool,
        Parameter(
            negative="", help=t("Stop runs of high validation error early (successive halving).")
        ),
    ] = False,
    as_json: AsJson = False,
    flags: Annotated[Flags | None, Parameter("*")] = None,
) -> int:
    """Train every combination of values: list several for a knob, comma-separated.

    Called again, it trains only what is missing; Ctrl-C stops the current runs.
    """
    values = flags.model_dump(exclude_unset=True) if flags else {}
    dataset = str(values.pop("dataset", data.default()))
    planned = _plan(name, dataset, values, count)
    print_note(nt("{count} run.", "{count} runs.", len(planned)))
    from aecore.experiments.sweep import sweep
    from aecore.runs.folder import runs_root

    # Workers of a cluster may not have the dataset, so it is sent to them.
    source = load_local(dataset) if scheduler else dataset
    if not scheduler:
        load_local(dataset)
    rows: list[Outcome] = []
    with stopping() as stop:
        for row in sweep(
            planned,
            source,
            root=out or runs_root(),
            scheduler=scheduler,
            processes=processes,
            halving=halving,
            cancel=stop.requested,
        ):
            rows.append(row)
            print_note(_progress(row))
    rows.sort(key=lambda row: row.place)
    if as_json:
        print_result(json.dumps([_result(row) for row in rows]))
    else:
        _table(rows)
    return stop.code


def _plan(name: str, dataset: str, values: dict[str, Any], count: int | None) -> Any:
    from aecore.experiments.grid import grid, sample

    # In `classes`, commas separate the names within a single value.
    lists = {n: str(v).split(",") for n, v in values.items() if "," in str(v) and n != "classes"}
    fixed = {n: v for n, v in values.items() if n not in lists}
    base = preset(name, dataset, **fixed).model_dump()
    return sample(base, lists, count) if count else grid(base, lists)


def _progress(row: "Outcome") -> str:
    values = ", ".join(f"{name} {value}" for name, value in row.values.items())
    if row.reason is not None:
        result = str(row.reason)
    elif row.stopped:
        result = t("stopped early")
    else:
        error = row.summary.get("held_out") or float("nan")
        result = t("validation error {error:.5f}", error=error)
    left = "" if row.seconds_left != row.seconds_left else t("; {s:.0f} s left", s=row.seconds_left)
    return f"{row.done}/{row.total}  {values}: {result}{left}"


def _result(row: "Outcome") -> dict[str, Any]:
    facts = {n: row.summary.get(n) for n in ("held_out", "pca", "step", "total_steps")}
    reason = None if row.reason is None else str(row.reason)
    return {**dict(row.values), "run": row.name, **facts, "stopped": row.stopped, "reason": reason}


def _table(rows: list["Outcome"]) -> None:
    if not rows:
        raise RunError("Nothing was trained.")
    knobs = list(rows[0].values)
    cells = []
    for row in rows:
        error, pca = row.summary.get("held_out"), row.summary.get("pca")
        numbers = [
            "" if error is None else f"{error:.5f}",
            "" if pca is None else pca_cell(pca, ".5f"),
        ]
        reason = str(row.reason or "") or (t("stopped early") if row.stopped else "")
        cells.append([*(str(row.values[name]) for name in knobs), *numbers, row.name, reason])
    print_table([*knobs, t("validation"), t("PCA"), t("run"), t("reason")], cells)
