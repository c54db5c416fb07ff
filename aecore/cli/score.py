"""``aecore score``: measure a run on held-out images."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.terminal.output import AsJson, pca_cell, print_result, print_table
from aecore.i18n import t

PCA_ERRORS = frozenset({"pca_mse", "pca_mse_clamped", "noisy_pca_mse"})


def score(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))], *, as_json: AsJson = False
) -> int:
    """Measure a run: error, PCA error, PSNR, SSIM, and classifiers trained on its codes."""
    from aecore.applications import evaluation
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    scores = {"run": str(run), "step": network.step, **evaluation.scores(network)}
    if as_json:
        print_result(json.dumps(scores))
    else:
        print_table([t("measure"), t("value")], [[n, _cell(n, v)] for n, v in scores.items()])
    return 0


def _cell(name: str, value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return pca_cell(value, ".5g") if name in PCA_ERRORS else f"{value:.5g}"
