"""``aecore score``: how good a run is, on all held-out images of its kind."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.output import AsJson, say, show
from aecore.i18n import t


def score(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))], *, as_json: AsJson = False
) -> int:
    """Measure a run: its error beside PCA's, PSNR, SSIM, and what a classifier gets from codes."""
    from aecore.applications import evaluation
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    found = {"run": str(run), "step": network.step, **evaluation.scores(network)}
    if as_json:
        say(json.dumps(found))
    else:
        rows = [
            [name, f"{value:.5g}" if isinstance(value, float) else str(value)]
            for name, value in found.items()
        ]
        show([t("measure"), t("value")], rows)
    return 0
