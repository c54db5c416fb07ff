"""``aecore anomalies``: measure how well a run detects anomalies."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from aecore.cli.output import AsJson, print_note, print_result, print_table
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
    """Score held-out images, normal and anomalous, by the network and baselines (AUROC)."""
    from aecore import data
    from aecore.applications import anomaly, threshold
    from aecore.runs.trained_model import TrainedModel
    from aecore.training.subset import parse_classes

    network = TrainedModel.open(run)
    other = None if anomalous is None else data.load(anomalous)
    classes = parse_classes(network.config.classes if normal is None else normal)
    images, is_anomalous = anomaly.held_out(network.dataset, classes, other)
    trained: tuple[str, ...] = ()
    if not other:
        remaining = anomaly.remaining_classes(network.dataset, classes)
        trained = anomaly.trained_classes(network, remaining)
    if trained:
        print_note(t("This run saw anomalous classes in training: {all}.", all=", ".join(trained)))
    detectors = {**anomaly.detector(network), **anomaly.baselines(network)}
    areas = {}
    for name, score in detectors.items():
        scores = score(images)
        areas[name] = {
            "auroc": threshold.roc(is_anomalous, scores).area,
            "average_precision": threshold.precision_recall(is_anomalous, scores).area,
        }
    if as_json:
        print_result(json.dumps({"seen": list(trained), "scores": areas}))
    else:
        labels = {**anomaly.SCORES, **anomaly.BASELINES}
        rows = [
            [str(labels[n]), f"{a['auroc']:.4f}", f"{a['average_precision']:.4f}"]
            for n, a in areas.items()
        ]
        print_table([t("score"), t("AUROC"), t("average precision")], rows)
    return 0
