"""``aecore anomalies``: measure how well a run detects anomalies, or find them among pictures."""

import json
import math
from collections.abc import Mapping, Sequence
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
    from aecore.applications.halves import Halves
    from aecore.applications.threshold import Scores
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
        Parameter(help=t("With --files: relative, error, distance or both; relative by default.")),
    ] = None,
    accept: Annotated[
        float | None,
        Parameter(
            help=t("The share of normal held-out images that are accepted; 0.95 by default.")
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
    """Score held-out images by the network and baselines, or pictures by the network."""
    if files is None:
        _check_unused(out=out, score=score, threshold=threshold)
    elif anomalous is not None:
        raise ConfigError("--anomalous and --files exclude each other; provide one of them.")
    _check_threshold(accept, threshold)
    check_out(out)
    from aecore.applications import anomaly
    from aecore.applications.threshold import ACCEPTED
    from aecore.config import parse_classes
    from aecore.runs.trained_model import TrainedModel

    network = TrainedModel.open(run)
    classes = anomaly.normal_classes(network) if normal is None else parse_classes(normal)
    accepted = ACCEPTED if accept is None else accept
    if files is None:
        _measure(network, classes, anomalous, accepted, as_json=as_json)
    else:
        name = anomaly.DEFAULT_SCORE if score is None else score
        verdicts = _judge(network, files, classes, name, accepted, threshold)
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
    network: "TrainedModel",
    classes: tuple[str, ...],
    anomalous: str | None,
    accepted: float,
    *,
    as_json: bool,
) -> None:
    """Print how well each score tells normal held-out images from anomalous ones."""
    from aecore import data
    from aecore.applications import anomaly
    from aecore.applications.halves import Halves

    other = None if anomalous is None else data.load(anomalous)
    images, is_anomalous = anomaly.held_out(network.dataset, classes, other)
    trained: tuple[str, ...] = ()
    if not other:
        remaining = anomaly.remaining_classes(network.dataset, classes)
        trained = anomaly.trained_classes(network, remaining)
    if trained:
        print_note(t("This run saw anomalous classes in training: {all}.", all=", ".join(trained)))
    halves = Halves.split(is_anomalous)
    print_note(halves.summary(halves.normal_calibration))
    detectors = {**anomaly.detector(network), **anomaly.baselines(network)}
    results = {name: _result(halves, score(images), accepted) for name, score in detectors.items()}
    if as_json:
        set_on, counted = int(halves.normal_calibration.sum()), int(halves.counted.sum())
        facts = {"seen": list(trained), "threshold_set_on": set_on, "counted": counted}
        print_result(json.dumps({**facts, "scores": results}))
    else:
        _print_results(results)


def _result(halves: "Halves", scores: "Scores", accepted: float) -> dict[str, float]:
    """Return the areas under the curves, the threshold, and its rates on the other half."""
    from aecore.applications.threshold import precision_recall, roc

    threshold = halves.quantile(scores, accepted)
    counts = halves.confusion(scores, threshold)
    return {
        "auroc": roc(halves.anomalous, scores).area,
        "average_precision": precision_recall(halves.anomalous, scores).area,
        "threshold": threshold,
        "accepted": counts.accepted,
        "precision": counts.precision,
        "recall": counts.recall,
    }


def _print_results(results: Mapping[str, Mapping[str, float]]) -> None:
    from aecore.applications.anomaly import BASELINES, SCORES

    labels = {**SCORES, **BASELINES}
    rows = [
        [str(labels[name])]
        + [f"{each[area]:.4f}" for area in ("auroc", "average_precision")]
        + [f"{each[rate]:.1%}" for rate in ("accepted", "precision", "recall")]
        for name, each in results.items()
    ]
    areas = [t("score"), t("AUROC"), t("average precision")]
    print_table([*areas, t("accepted"), t("precision"), t("recall")], rows)


def _judge(
    network: "TrainedModel",
    files: Sequence[Path],
    classes: tuple[str, ...],
    score: str,
    accepted: float,
    threshold: float | None,
) -> "Verdicts":
    from aecore.applications import anomaly
    from aecore.applications.verdicts import judge
    from aecore.data.custom import pictures

    anomaly.check_score(score)
    found = pictures.read(files, network.dataset.shape, network.dataset.preparation)
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
