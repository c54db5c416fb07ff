"""``aecore anomalies``: measure how well a run detects anomalies, or find them among pictures."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from aecore.cli.terminal.output import (
    AsJson,
    Out,
    check_out,
    print_note,
    print_result,
    print_table,
    write_result,
)
from aecore.errors import ConfigError
from aecore.files import write
from aecore.i18n import t

if TYPE_CHECKING:
    from aecore.applications.verdicts import Verdicts
    from aecore.runs.trained_model import TrainedModel


def anomalies(
    run: Annotated[Path, Parameter(help=t("The folder of the run."))],
    *,
    files: Annotated[
        list[Path] | None,
        Parameter(
            consume_multiple=1,
            negative="",
            help=t("Score these instead: pictures, or folders or ZIPs of pictures."),
        ),
    ] = None,
    out: Out = None,
    score: Annotated[
        str | None,
        Parameter(help=t("With --files: error, distance or both; error by default.")),
    ] = None,
    accept: Annotated[
        float | None,
        Parameter(
            help=t(
                "With --files: the share of normal held-out images that are accepted; 0.95 by "
                "default."
            )
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        Parameter(help=t("With --files: the score above which a picture is anomalous.")),
    ] = None,
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
    """Score held-out images by the network and baselines (AUROC), or pictures by the network."""
    if files is None:
        _check_unused(out=out, score=score, accept=accept, threshold=threshold)
    elif anomalous is not None:
        raise ConfigError("--anomalous and --files exclude each other; provide one of them.")
    _check_threshold(accept, threshold)
    check_out(out)
    from aecore.applications import anomaly
    from aecore.config import parse_classes
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    classes = anomaly.normal_classes(network) if normal is None else parse_classes(normal)
    if files is None:
        _measure(network, classes, anomalous, as_json=as_json)
    else:
        verdicts = _judge(network, files, classes, score or "error", accept, threshold)
        _report(verdicts, out, as_json=as_json)
    return 0


def _check_unused(**options: object) -> None:
    for name, value in options.items():
        if value is not None:
            raise ConfigError("--{name} needs --files, the pictures to score.", name=name)


def _check_threshold(accept: float | None, threshold: float | None) -> None:
    if accept is not None and threshold is not None:
        raise ConfigError("--accept and --threshold exclude each other; provide one of them.")
    if accept is not None and not 0 <= accept <= 1:
        raise ConfigError(
            "--accept is {value}; choose a share from 0 to 1, such as 0.95.", value=accept
        )
    if threshold is not None and not math.isfinite(threshold):
        raise ConfigError("--threshold is {value}; provide a finite number.", value=threshold)


def _measure(
    network: "TrainedModel", classes: tuple[str, ...], anomalous: str | None, *, as_json: bool
) -> None:
    """Print how well each score tells normal held-out images from anomalous ones."""
    from aecore import data
    from aecore.applications import anomaly
    from aecore.applications import threshold as thresholds

    other = None if anomalous is None else data.load(anomalous)
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
            "auroc": thresholds.roc(is_anomalous, scores).area,
            "average_precision": thresholds.precision_recall(is_anomalous, scores).area,
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


def _judge(
    network: "TrainedModel",
    files: Sequence[Path],
    classes: tuple[str, ...],
    score: str,
    accept: float | None,
    threshold: float | None,
) -> "Verdicts":
    from aecore.applications import anomaly
    from aecore.applications.threshold import ACCEPTED
    from aecore.applications.verdicts import judge
    from aecore.data.custom import pictures

    anomaly.check_score(score)
    found = pictures.read(files, network.dataset.shape, network.dataset.preparation)
    accepted = ACCEPTED if accept is None else accept
    verdicts = judge(network, found, score, classes, accepted=accepted)
    return verdicts if threshold is None else replace(verdicts, threshold=threshold)


def _report(verdicts: "Verdicts", out: Path | None, *, as_json: bool) -> None:
    """Write the verdicts as CSV to a file, or print them as CSV or JSON, and a summary."""
    if as_json:
        if out is not None:
            write(out, verdicts.csv())
        print_result(json.dumps(verdicts.facts()))
    else:
        write_result(verdicts.csv(), out)
    print_note(verdicts.summary())
