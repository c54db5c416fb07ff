"""``aecore variants``: train and compare variants of the autoencoder."""

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from aecore import data
from aecore.cli.data import load_local
from aecore.cli.terminal.output import AsJson, pca_cell, print_note, print_result, print_table
from aecore.cli.terminal.stopping import stopping
from aecore.i18n import t

FORMATS = {
    "test_mse": ".5f",
    "pca_mse_clamped": ".5f",
    "active": ".0%",
    "code_knn": ".1%",
    "code_logistic": ".1%",
    "seconds": ".1f",
}


def variants(
    *,
    dataset: Annotated[str | None, Parameter(help=t("The dataset they are trained on."))] = None,
    epochs: Annotated[int, Parameter(validator=Number(gte=1), help=t("Epochs of each."))] = 20,
    bottleneck: Annotated[
        int, Parameter(validator=Number(gte=1), help=t("Code size of all but the sparse variants."))
    ] = 16,
    out: Annotated[
        Path | None, Parameter(help=t("The folder of their runs; that of all runs by default."))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Train classic, stacked, sparse, denoising, tied and convolutional networks, and compare them.

    Finished runs are not trained again.
    """
    from aecore.experiments import variants as kinds
    from aecore.experiments.sweep import sweep
    from aecore.runs.folder import runs_root

    images = load_local(dataset or data.default())
    configs = kinds.variants(images.name, epochs=epochs, bottleneck=bottleneck)
    names, root = list(configs), out or runs_root()
    scores: dict[str, dict[str, Any]] = {}
    with stopping() as stop:
        for outcome in sweep(list(configs.values()), images.name, root=root, cancel=stop.requested):
            if outcome.reason is not None:
                raise outcome.reason
            name = names[outcome.place]
            scores[name] = score = kinds.measure(root / outcome.name, images)
            print_note(f"{outcome.done}/{outcome.total}  {_label(name)}: {score['test_mse']:.5f}")
    rows = {name: scores[name] for name in names if name in scores}
    if as_json:
        print_result(json.dumps(rows))
    else:
        heads = [
            t("variant"),
            t("error"),
            t("PCA"),
            t("active"),
            t("k-NN"),
            t("logistic"),
            t("seconds"),
        ]
        print_table(heads, [[_label(name), *_cells(row)] for name, row in rows.items()])
    return stop.code


def _label(name: str) -> str:
    from aecore.experiments.variants import VARIANTS

    return str(VARIANTS[name][0])


def _cells(row: dict[str, Any]) -> list[str]:
    return [_cell(name, row.get(name), spec) for name, spec in FORMATS.items()]


def _cell(name: str, value: Any, spec: str) -> str:
    if value is None:
        return ""
    return pca_cell(value, spec) if name == "pca_mse_clamped" else format(value, spec)
