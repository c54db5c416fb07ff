"""``aecore runs``: list the runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from aecore.cli.output import AsJson, print_note, print_result, print_table
from aecore.errors import LabError
from aecore.i18n import t

FORMATS: Mapping[str, str] = {
    "name": "",
    "dataset": "",
    "bottleneck": "",
    "step": ",",
    "epoch": ".1f",
    "held_out": ".5f",
    "pca": ".5f",
}


def runs(
    *,
    root: Annotated[
        Path | None,
        Parameter(help=t("The folder of the runs; AECORE_RUNS by default, or else runs.")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List runs, most recent first, with their error on held-out images and that of PCA."""
    from aecore.runs import folder as run_folder

    folder = root or run_folder.runs_root()
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
            t("held-out"),
            t("PCA"),
            t("busy"),
        ]
        print_table(heads, [_row(summary) for summary in summaries])
    return 0


def _summary(run: Any) -> dict[str, Any] | None:
    try:
        # A folder may have been renamed since its run.json was written.
        return {**run.summary(), "name": run.name, "busy": run.busy}
    except LabError as error:
        print_note(str(error))
        return None


def _row(summary: Mapping[str, Any]) -> list[str]:
    values = ((summary.get(name), spec) for name, spec in FORMATS.items())
    cells = ["" if value is None else format(value, spec) for value, spec in values]
    return [*cells, t("yes") if summary["busy"] else ""]
