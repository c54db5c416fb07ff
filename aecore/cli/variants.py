"""``aecore variants``: train and compare variants of the autoencoder."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from aecore import data
from aecore.cli.data import load_local
from aecore.cli.terminal.output import AsJson, pca_cell, print_note, print_result, print_table
from aecore.cli.terminal.stopping import stopping
from aecore.errors import LabError
from aecore.i18n import t

if TYPE_CHECKING:
    from aecore.experiments.sweep import Outcome

FORMATS = {
    "test_mse": ".5f",
    "pca_mse_clamped": ".5f",
    "active": ".0%",
    "code_knn": ".1%",
    "code_logistic": ".1%",
    "learning_rate": "g",
    "seconds": ".1f",
}


def variants(
    *,
    dataset: Annotated[str | None, Parameter(help=t("The dataset they are trained on."))] = None,
    epochs: Annotated[
        int, Parameter(validator=Number(gte=1), help=t("Passes over the images of each."))
    ] = 20,
    bottleneck: Annotated[
        int, Parameter(validator=Number(gte=1), help=t("Code size of all but the sparse variants."))
    ] = 16,
    out: Annotated[
        Path | None, Parameter(help=t("The folder of their runs; that of all runs by default."))
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Train classic, stacked, sparse, denoising, tied and convolutional networks, and compare them.

    All see the images equally often, pretraining included, which takes at least a pass for each
    layer and one for all together. The learning rate of each is the best of three by validation
    error, after trials of a fifth of the epochs. Finished runs and trials are not repeated.
    """
    from aecore.experiments import variants as kinds
    from aecore.runs.folder import runs_root

    images = load_local(dataset or data.default())
    configs = kinds.variants(images.name, epochs=epochs, bottleneck=bottleneck)
    names, root = list(configs), out or runs_root()
    scores: dict[str, dict[str, Any]] = {}
    reasons: list[LabError] = []
    with stopping() as stop:
        for outcome in kinds.train(configs, images, root=root, cancel=stop.requested):
            name = names[outcome.place]
            if outcome.name:
                scores[name] = kinds.measure(root / outcome.name, images)
            if outcome.reason is not None:
                reasons.append(outcome.reason)
            print_note(_progress(name, outcome, scores.get(name)))
    rows = {name: scores[name] for name in names if name in scores}
    _print(rows, as_json=as_json)
    if reasons:
        raise reasons[0]
    return stop.code


def _progress(name: str, outcome: "Outcome", score: Mapping[str, Any] | None) -> str:
    if outcome.reason is not None:
        result = str(outcome.reason)
    elif score is not None:
        result = t("error {error:.5f}", error=score["test_mse"])
    else:
        result = t("tried learning rate {rate:g}", rate=outcome.values["learning_rate"])
    return f"{outcome.done}/{outcome.total}  {_label(name)}: {result}"


def _print(rows: Mapping[str, dict[str, Any]], *, as_json: bool) -> None:
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
            t("learning rate"),
            t("seconds"),
        ]
        print_table(heads, [[_label(name), *_cells(row)] for name, row in rows.items()])


def _label(name: str) -> str:
    from aecore.experiments.variants import VARIANTS

    return str(VARIANTS[name][0])


def _cells(row: dict[str, Any]) -> list[str]:
    return [_cell(name, row.get(name), spec) for name, spec in FORMATS.items()]


def _cell(name: str, value: Any, spec: str) -> str:
    if value is None:
        return ""
    return pca_cell(value, spec) if name == "pca_mse_clamped" else format(value, spec)
