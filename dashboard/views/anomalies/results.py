"""Results of anomaly detection for a score and a threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.applications import anomaly
from aecore.applications import threshold as thresholds
from aecore.applications.halves import Halves
from aecore.i18n import N_, t
from aecore.runs.trained_model import TrainedModel
from dashboard.components.live_figure import figure
from dashboard.components.threshold_line import threshold_line
from dashboard.state import keys
from dashboard.views.anomalies.figures import curves, histograms
from dashboard.widgets.image_grid import image_grid

GALLERY_COUNT = 6
HEIGHT, GALLERY_HEIGHT = 300, 190
THRESHOLD_RULES = {
    "hand": N_("Manual"),
    "quantile": N_("Share of normal images"),
    "cost": N_("Cost"),
}


@dataclass(frozen=True, eq=False)
class ScoredImages:
    """Held-out images, some of them anomalous, with their anomaly scores.

    Attributes
    ----------
    network : TrainedModel
    images : ndarray of uint8, shape (n, H, W)
    anomalous : ndarray of bool, shape (n,)
    scores : mapping of str to ndarray of float64, shape (n,)
        By score of `aecore.applications.anomaly.SCORES`; higher is more anomalous.
    """

    network: TrainedModel
    images: NDArray[np.uint8]
    anomalous: NDArray[np.bool_]
    scores: Mapping[str, NDArray[np.float64]]

    @cached_property
    def halves(self) -> Halves:
        """The images that a threshold is set on, and those that are counted."""
        return Halves.split(self.anomalous)


class Choice(NamedTuple):
    """The chosen score, a key of `aecore.applications.anomaly.SCORES`, and its threshold."""

    score: str
    threshold: float


def results(scored: ScoredImages, baselines: Mapping[str, NDArray[np.float64]]) -> Choice:
    """Show the distribution of scores, the effect of a threshold, and example images.

    Parameters
    ----------
    scored : ScoredImages
    baselines : mapping of str to ndarray of float64, shape (n,)
        Scores of the methods of `aecore.applications.anomaly.BASELINES` for the same images;
        empty until computed.

    Returns
    -------
    Choice
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        selection = st.segmented_control(
            t("Score"),
            list(anomaly.SCORES),
            key="score",
            format_func=lambda name: str(anomaly.SCORES[name]),
            default=anomaly.DEFAULT_SCORE,
            required=True,
            help=t(
                "Relative error: the squared error divided by the root mean square of the image, "
                "as images with more ink have larger errors whatever they show. Code distance: how "
                "far the code is from those of the training images."
            ),
        )
        choice, rule = _threshold(selection or anomaly.DEFAULT_SCORE, scored)
    name, threshold = choice
    confusion = scored.halves.confusion(scored.scores[name], threshold)
    left, right = st.columns(2, gap="medium")
    with left:
        _histograms(scored, choice, movable=rule == "hand")
    with right:
        _counts(confusion)
        _caption(scored, rule)
        _curves(scored, baselines, name, confusion)
    _gallery(scored, scored.scores[name], threshold)
    return choice


def _histograms(scored: ScoredImages, choice: Choice, *, movable: bool) -> None:
    """Show the scores of the counted images, and the threshold, which can be dragged."""
    name, threshold = choice
    scores, counted = scored.scores[name], scored.halves.counted
    low, high = float(scores.min()), float(np.quantile(scores, 0.995))
    extent = (low, max(high, low + 1e-9))
    figure(
        "scores",
        histograms(
            scores[counted & ~scored.anomalous],
            scores[counted & scored.anomalous],
            threshold,
            extent,
            str(anomaly.SCORES[name]),
        ),
        height=HEIGHT,
        label=t("Scores of normal and anomalous images, with the threshold"),
    )
    threshold_line(
        f"threshold line {name}",
        figure="scores",
        at=threshold,
        extent=extent,
        movable=movable,
        label=t("Threshold"),
        words=t("Drag the line: everything to the right is flagged.")
        if movable
        else t("Everything to the right of the line is flagged."),
        on_drag=lambda place: st.session_state.update({keys.threshold(name): place}),
    )


def _threshold(name: str, scored: ScoredImages) -> tuple[Choice, str]:
    """Ask for the rule that sets the threshold of a score; return the choice and the rule.

    With the rule ``hand``, the threshold keeps its last value until it is dragged.
    """
    rule = st.segmented_control(
        t("Threshold"),
        list(THRESHOLD_RULES),
        key="threshold how",
        format_func=lambda name: str(THRESHOLD_RULES[name]),
        default="quantile",
        required=True,
    )
    key, scores, halves = keys.threshold(name), scored.scores[name], scored.halves
    if rule == "hand":
        initial = halves.quantile(scores, thresholds.ACCEPTED)
        return Choice(name, float(st.session_state.get(key, initial))), "hand"
    if rule == "cost":
        missed = st.number_input(t("Cost per miss"), 0.1, 1000.0, 1.0, key="cost missed", width=150)
        alarm = st.number_input(
            t("Cost per false alarm"), 0.1, 1000.0, 1.0, key="cost alarm", width=150
        )
        threshold = halves.cheapest(scores, missed, alarm)
    else:
        share = st.slider(
            t("Normal images accepted"),
            50.0,
            99.9,
            100 * thresholds.ACCEPTED,
            0.1,
            "%.1f %%",
            key="normal share",
            width=260,
        )
        threshold = halves.quantile(scores, share / 100)
    st.session_state[key] = threshold
    return Choice(name, threshold), rule or "quantile"


def _counts(confusion: thresholds.Confusion) -> None:
    cells = [
        (t("detected"), f"{confusion.true_positives:,}"),
        (t("missed"), f"{confusion.false_negatives:,}"),
        (t("accepted"), f"{confusion.true_negatives:,} ({confusion.accepted:.1%})"),
        (t("false alarms"), f"{confusion.false_positives:,}"),
        (t("Precision"), f"{confusion.precision:.1%}"),
        (t("Recall"), f"{confusion.recall:.1%}"),
    ]
    body = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in cells)
    st.html(f"<div class='lab-facts lab-counts'>{body}</div>")


def _caption(scored: ScoredImages, rule: str) -> None:
    """Say which images the threshold was set on, and which are counted."""
    halves, count = scored.halves, len(scored.images)
    if rule == "hand":
        st.caption(
            t(
                "Manual threshold, counts on {counted:,} held-out images, as with the other rules. "
                "The curves use all {count:,}.",
                counted=int(halves.counted.sum()),
                count=count,
            )
        )
        return
    set_on = halves.calibration if rule == "cost" else halves.normal_calibration
    st.caption(
        t("{summary} The curves use all {count:,}.", summary=halves.summary(set_on), count=count)
    )


def _curves(
    scored: ScoredImages,
    baselines: Mapping[str, NDArray[np.float64]],
    name: str,
    confusion: thresholds.Confusion,
) -> None:
    labels = {**anomaly.SCORES, **anomaly.BASELINES}
    scores = {name: scored.scores[name], **baselines}
    normal_count = confusion.false_positives + confusion.true_negatives
    false_positive_rate = confusion.false_positives / max(1, normal_count)
    kinds = {
        "roc": (
            t("ROC"),
            thresholds.roc,
            (t("false positive rate"), t("true positive rate")),
            (false_positive_rate, confusion.recall),
        ),
        "precision": (
            t("Precision and recall"),
            thresholds.precision_recall,
            (t("recall"), t("precision")),
            (confusion.recall, confusion.precision),
        ),
    }
    tabs = st.tabs([label for label, *_ in kinds.values()])
    for tab, (kind, (label, curve, axes, at)) in zip(tabs, kinds.items(), strict=True):
        lines = {str(labels[each]): curve(scored.anomalous, row) for each, row in scores.items()}
        with tab:
            figure(
                f"curve-{kind}",
                curves(
                    {each: (line.x, line.y, line.area) for each, line in lines.items()},
                    axes,
                    at,
                    chance=kind == "roc",
                ),
                height=HEIGHT,
                label=t("{kind} by method, with the area under each curve", kind=label),
            )


def _gallery(scored: ScoredImages, scores: NDArray[np.float64], threshold: float) -> None:
    """Show the most anomalous, the most normal and borderline images, with their errors.

    They are among those that are counted.
    """
    counted = np.flatnonzero(scored.halves.counted)
    order = counted[np.argsort(scores[counted], kind="stable")]
    border = order[np.argsort(abs(scores[order] - threshold), kind="stable")[:GALLERY_COUNT]]
    groups = {
        t("Most anomalous"): order[::-1][:GALLERY_COUNT],
        t("Near threshold"): border[np.argsort(scores[border], kind="stable")],
        t("Most normal"): order[:GALLERY_COUNT],
    }
    for column, (label, rows) in zip(st.columns(3, gap="medium"), groups.items(), strict=True):
        images = (scored.images[rows] / 255).astype(np.float32)
        reconstruction = scored.network.reconstruct(images)
        with column:
            st.markdown(f"**{label}**")
            image_grid(
                f"gallery-{label}",
                [images, reconstruction, abs(images - reconstruction)],
                error_last=True,
                rows=[t("image"), t("reconstructed"), t("error")],
                columns=[t("anomalous") if scored.anomalous[row] else t("normal") for row in rows],
                label=t("{label}: image, reconstruction and error per pixel", label=label),
                height=GALLERY_HEIGHT,
            )
