"""``aecore anomalies``: how well a run tells what it learnt from what it never saw."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.output import AsJson, say, show, tell
from aecore.i18n import t


def anomalies(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    *,
    normal: Annotated[
        str | None,
        Parameter(help=t("Classes that are normal, comma-separated; those of the run by default.")),
    ] = None,
    anomalous: Annotated[
        str | None,
        Parameter(help=t("A dataset of anomalies; all other classes by default.")),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Score held-out images, normal and foreign, by the network and by other methods (AUROC)."""
    from aecore import data
    from aecore.applications import anomaly, threshold
    from aecore.runs.trained_model import TrainedModel
    from aecore.training.subset import parse_classes

    network = TrainedModel.open(run)
    other = None if anomalous is None else data.load(anomalous)
    wanted = parse_classes(network.config.classes if normal is None else normal)
    images, anomalies = anomaly.held_out(network.dataset, wanted, other)
    known = (
        anomaly.trained_classes(network, anomaly.remaining_classes(network.dataset, wanted))
        if not other
        else ()
    )
    if known:
        tell(t("This run saw anomalous classes in training: {all}.", all=", ".join(known)))
    scores = {**anomaly.detector(network), **anomaly.baselines(network)}
    areas = {}
    for name, score in scores.items():
        found = score(images)
        areas[name] = {
            "auroc": threshold.roc(anomalies, found).area,
            "average_precision": threshold.precision_recall(anomalies, found).area,
        }
    if as_json:
        say(json.dumps({"seen": list(known), "scores": areas}))
    else:
        words = {**anomaly.SCORES, **anomaly.BASELINES}
        rows = [
            [str(words[n]), f"{a['auroc']:.4f}", f"{a['average_precision']:.4f}"]
            for n, a in areas.items()
        ]
        show([t("score"), t("AUROC"), t("average precision")], rows)
    return 0
