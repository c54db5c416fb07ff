"""``aecore score``: measure a run on held-out images."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.terminal.output import AsJson, print_result, print_table
from aecore.i18n import t


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
        rows = [
            [name, f"{value:.5g}" if isinstance(value, float) else str(value)]
            for name, value in scores.items()
        ]
        print_table([t("measure"), t("value")], rows)
    return 0
