"""What a score and a threshold make of images, some of which are foreign."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.applications import anomaly
from aecore.applications import threshold as thresholds
from aecore.i18n import N_, t
from aecore.runs.trained_model import TrainedModel
from dashboard.components.live_figure import figure
from dashboard.components.threshold_line import threshold_line
from dashboard.state import keys
from dashboard.views.anomalies.figures import curves, histograms
from dashboard.widgets.image_grid import image_grid

SHOWN = 6
USUAL = 0.95
HEIGHT, GALLERY = 300, 190
HOW = {"hand": N_("Manual"), "quantile": N_("Share of normal images"), "cost": N_("Cost")}


@dataclass(frozen=True, eq=False)
class ScoredImages:
    """Held-out images, which are foreign, and what each score of a network says of them."""

    network: TrainedModel
    images: NDArray[np.uint8]
    anomalous: NDArray[np.bool_]
    scores: Mapping[str, NDArray[np.float64]]


def results(scored: ScoredImages, baselines: Mapping[str, NDArray[np.float64]]) -> None:
    """Show how scores are spread, what a threshold makes of them, and the images it is about.

    Parameters
    ----------
    judged : Judged
    rivals : mapping of str to ndarray of shape (n,)
        What the methods of `aecore.applications.anomaly.BASELINES` say of the same images;
        empty while they are
        being made.
    """
    anomalous = scored.anomalous
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.segmented_control(
            t("Score"),
            list(anomaly.SCORES),
            key="score",
            format_func=lambda name: str(anomaly.SCORES[name]),
            default="error",
            required=True,
        )
        name = chosen or "error"
        scores = scored.scores[name]
        how, threshold = _threshold(name, scores, anomalous)
    low, high = float(scores.min()), float(np.quantile(scores, 0.995))
    extent = (low, max(high, low + 1e-9))
    left, right = st.columns(2, gap="medium")
    with left:
        words = str(anomaly.SCORES[name])
        figure(
            "scores",
            histograms(scores[~anomalous], scores[anomalous], threshold, extent, words),
            height=HEIGHT,
            label=t("Scores of normal and anomalous images, with the threshold"),
        )
        threshold_line(
            f"threshold line {name}",
            figure="scores",
            at=threshold,
            extent=extent,
            movable=how == "hand",
            label=t("Threshold"),
            words=t("Drag the line: everything to the right is flagged.")
            if how == "hand"
            else t("Everything to the right of the line is flagged."),
            on_drag=lambda place: st.session_state.update({keys.threshold(name): place}),
        )
    found = thresholds.confusion(anomalous, scores, threshold)
    with right:
        _counts(found)
        _curves(scored, baselines, name, found)
    _gallery(scored, scores, threshold)
    network = scored.network
    st.download_button(
        t("Export the network and threshold"),
        lambda: anomaly.pack(network, name, threshold),
        f"{network.name}-detector.zip",
        key="export detector",
        icon=":material/download:",
        on_click="ignore",
    )


def _threshold(
    name: str, scores: NDArray[np.float64], anomalous: NDArray[np.bool_]
) -> tuple[str, float]:
    """Ask how the line is drawn between normal and foreign, and where it is.

    By hand it stays where it was until it is dragged.
    """
    how = st.segmented_control(
        t("Threshold"),
        list(HOW),
        key="threshold how",
        format_func=lambda name: str(HOW[name]),
        default="quantile",
        required=True,
    )
    kept = keys.threshold(name)
    if how == "hand":
        usual = thresholds.quantile(scores[~anomalous], USUAL)
        return "hand", float(st.session_state.get(kept, usual))
    if how == "cost":
        missed = st.number_input(t("Cost per miss"), 0.1, 1000.0, 1.0, key="cost missed", width=150)
        alarm = st.number_input(
            t("Cost per false alarm"), 0.1, 1000.0, 1.0, key="cost alarm", width=150
        )
        found = thresholds.cheapest(anomalous, scores, missed, alarm)
    else:
        share = st.slider(
            t("Normal images accepted"),
            50.0,
            99.9,
            100 * USUAL,
            0.1,
            "%.1f %%",
            key="normal share",
            width=260,
        )
        found = thresholds.quantile(scores[~anomalous], share / 100)
    st.session_state[kept] = found
    return how or "quantile", found


def _counts(found: thresholds.Confusion) -> None:
    cells = [
        (t("detected"), f"{found.true_positives:,}"),
        (t("missed"), f"{found.false_negatives:,}"),
        (t("accepted"), f"{found.true_negatives:,}"),
        (t("false alarms"), f"{found.false_positives:,}"),
        (t("Precision"), f"{found.precision:.1%}"),
        (t("Recall"), f"{found.recall:.1%}"),
    ]
    body = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in cells)
    st.html(f"<div class='lab-facts lab-counts'>{body}</div>")


def _curves(
    scored: ScoredImages,
    baselines: Mapping[str, NDArray[np.float64]],
    name: str,
    found: thresholds.Confusion,
) -> None:
    words = {**anomaly.SCORES, **anomaly.BASELINES}
    scores = {name: scored.scores[name], **baselines}
    alarms = found.false_positives / max(1, found.false_positives + found.true_negatives)
    kinds = {
        "roc": (
            t("ROC"),
            thresholds.roc,
            (t("false positive rate"), t("true positive rate")),
            (alarms, found.recall),
        ),
        "precision": (
            t("Precision and recall"),
            thresholds.precision_recall,
            (t("recall"), t("precision")),
            (found.recall, found.precision),
        ),
    }
    tabs = st.tabs([label for label, *_ in kinds.values()])
    for tab, (kind, (label, curve, axes, at)) in zip(tabs, kinds.items(), strict=True):
        made = {str(words[each]): curve(scored.anomalous, found) for each, found in scores.items()}
        with tab:
            figure(
                f"curve-{kind}",
                curves(
                    {each: (line.x, line.y, line.area) for each, line in made.items()},
                    axes,
                    at,
                    chance=kind == "roc",
                ),
                height=HEIGHT,
                label=t("{kind} by method, with the area under each curve", kind=label),
            )


def _gallery(scored: ScoredImages, scores: NDArray[np.float64], threshold: float) -> None:
    """Show the most and the least foreign images, and those on the border, with their errors."""
    order = np.argsort(scores, kind="stable")
    border = np.argsort(abs(scores - threshold), kind="stable")[:SHOWN]
    groups = {
        t("Most anomalous"): order[::-1][:SHOWN],
        t("Near threshold"): border[np.argsort(scores[border], kind="stable")],
        t("Most normal"): order[:SHOWN],
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
                height=GALLERY,
            )
