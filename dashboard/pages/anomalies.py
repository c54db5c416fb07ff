"""The Anomalies page: what a network cannot rebuild is off the manifold it learnt."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore import anomaly, data
from aecore import threshold as thresholds
from aecore.learnt import names
from aecore.presets import preset
from aecore.snapshot import Snapshot
from aecore.trained import Trained
from aecore.words import t
from dashboard import choice, figures, session, shell, viewing
from dashboard.anomaly_figures import curves, histograms
from dashboard.components.live_figure import figure
from dashboard.components.mosaic import mosaic

MOST, MOST_PLAYING = 2000, 300
SHOWN = 6
PLACES = 200
HEIGHT, GALLERY = 300, 190
HOW = {"hand": "By hand", "quantile": "Share of normal", "cost": "Cost"}
REST = ""


@dataclass(frozen=True, eq=False)
class Judged:
    """Held-out images, what each score says of them, and which are foreign."""

    images: NDArray[np.uint8]
    foreign: NDArray[np.bool_]
    scores: Mapping[str, NDArray[np.float64]]


def show() -> None:
    """Show the page."""
    shell.show(body)


def body(newest: Snapshot) -> None:
    """Draw the scores of normal and foreign images, and what a threshold does to them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        network = choice.network(newest)
        normal, other = _kinds(network)
        score = st.segmented_control(
            t("Score"),
            list(anomaly.SCORES),
            key="score",
            format_func=lambda name: t(anomaly.SCORES[name]),
            default="error",
            required=True,
        )
    if not normal and other is None:
        st.info(
            t("Choose which classes are normal; or another data set as foreign."),
            icon=":material/info:",
        )
        return
    _honest(network, normal, other)
    judged = _judged(network, normal, other)
    _results(network, judged, score or "error")


def _kinds(network: Trained) -> tuple[tuple[str, ...], str | None]:
    """Ask what is normal and what foreign."""
    dataset = network.dataset
    learnt = [name for name in names(network.config.classes) if name in dataset.classes]
    normal = st.multiselect(
        t("Normal"),
        list(dataset.classes),
        default=learnt or list(dataset.classes[:1]),
        key=f"normal {dataset.name} {network.config.classes}",
        format_func=t,
        placeholder=t("all classes"),
        width=300,
        help=t("The classes that belong. The network should have learnt from them alone."),
    )
    here = [name for name in data.available() if name != dataset.name]
    other = st.selectbox(
        t("Foreign"),
        [REST, *here],
        key="foreign",
        format_func=lambda name: name or t("The remaining classes"),
        width=220,
    )
    return tuple(normal), other or None


def _honest(network: Trained, normal: tuple[str, ...], other: str | None) -> None:
    """Say where the network saw what it should find foreign, with a way to one that did not."""
    known = anomaly.seen(network, anomaly.remaining(network.dataset, normal)) if not other else ()
    if not known:
        return
    settings = network.config
    wanted = preset(
        "denoising",
        settings.dataset,
        classes=",".join(normal),
        bottleneck=min(16, network.dataset.images[0].size // 4),
        hidden="256-128",
        batch_size=min(128, max(16, settings.batch_size)),
        epochs=max(30, preset("denoising", settings.dataset).epochs // 2),
    )
    st.warning(
        t(
            "This network saw foreign classes in training ({all}), so it rebuilds them too: what "
            "follows is no fair test.",
            all=", ".join(map(t, known)),
        ),
        icon=":material/warning:",
    )
    st.button(
        t("Train one on the normal classes alone"),
        key="train normal",
        type="primary",
        icon=":material/play_arrow:",
        on_click=session.train,
        args=(wanted,),
        help=t("Begins a new run on top, to denoise images of these classes; it is shown here."),
    )


def _judged(network: Trained, normal: tuple[str, ...], other: str | None) -> Judged:
    """Score held-out images; fewer while the network trains, so that the page keeps up."""
    most = MOST_PLAYING if session.playing() else MOST
    split = (network.dataset.name, normal, other, most)

    def make() -> Judged:
        foreign = None if other is None else session.load(other)
        images, strange = anomaly.held_out(network.dataset, normal, foreign, most=most)
        own = {name: score(images) for name, score in anomaly.detector(network).items()}
        rivals = _rivals(split, network.config.classes, network.config.bottleneck, network, images)
        return Judged(images, strange, {**own, **rivals})

    return viewing.kept("judged", (network.name, network.step, network.config, split), make)


@st.cache_data(show_spinner="", max_entries=16)
def _rivals(
    split: tuple[object, ...],
    classes: str,
    bottleneck: int,
    _network: Trained,
    _images: NDArray[np.uint8],
) -> dict[str, NDArray[np.float64]]:
    """Return the scores of the other methods, which do not change while the network trains."""
    del split, classes, bottleneck
    return {name: score(_images) for name, score in anomaly.others(_network).items()}


def _results(network: Trained, judged: Judged, name: str) -> None:
    scores, foreign = judged.scores[name], judged.foreign
    low, high = float(scores.min()), float(np.quantile(scores, 0.995))
    left, right = st.columns(2, gap="medium")
    with left:
        threshold = _threshold(scores, foreign, low, high)
        figure(
            "scores",
            histograms(
                scores[~foreign],
                scores[foreign],
                threshold,
                (low, max(high, low + 1e-9)),
                t(anomaly.SCORES[name]),
            ),
            height=HEIGHT,
            label=t("Scores of normal and foreign images, with the threshold"),
        )
    found = thresholds.counts(foreign, scores, threshold)
    with right:
        _counts(found)
        _curves(judged, name, found)
    _gallery(network, judged, scores, threshold)
    st.download_button(
        t("Export the network with this threshold"),
        lambda: anomaly.pack(network, name, threshold),
        f"{network.name}-detector.zip",
        key="export detector",
        icon=":material/download:",
        on_click="ignore",
    )


def _threshold(
    scores: NDArray[np.float64], foreign: NDArray[np.bool_], low: float, high: float
) -> float:
    """Ask where the line is drawn between normal and foreign."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        how = st.segmented_control(
            t("Threshold"),
            list(HOW),
            key="threshold how",
            format_func=lambda name: t(HOW[name]),
            default="quantile",
            required=True,
        )
        if how == "cost":
            missed = st.number_input(t("One missed costs"), 0.1, 1000.0, 1.0, key="cost missed")
            alarm = st.number_input(t("A false alarm costs"), 0.1, 1000.0, 1.0, key="cost alarm")
            return thresholds.cheapest(foreign, scores, missed, alarm)
        if how == "hand":
            # In shares of what is in view: the slider then lies as the figure below it does.
            place = st.slider(
                t("Place"), 0, PLACES, PLACES // 2, key="threshold", label_visibility="collapsed"
            )
            return low + (high - low) * place / PLACES
        share = st.slider(
            t("So many of the normal pass"), 50.0, 99.9, 95.0, 0.1, "%.1f %%", key="normal share"
        )
    return thresholds.quantile(scores[~foreign], share / 100)


def _counts(found: thresholds.Counts) -> None:
    cells = [
        (t("foreign, found"), f"{found.found:,}"),
        (t("foreign, missed"), f"{found.missed:,}"),
        (t("normal, passed"), f"{found.passed:,}"),
        (t("false alarms"), f"{found.alarms:,}"),
        (t("Precision"), f"{found.precision:.1%}"),
        (t("Recall"), f"{found.recall:.1%}"),
    ]
    body = "".join(f"<div><span>{name}</span><b>{value}</b></div>" for name, value in cells)
    st.html(f"<div class='lab-facts lab-counts'>{body}</div>")


def _curves(judged: Judged, name: str, found: thresholds.Counts) -> None:
    words = {**anomaly.SCORES, **anomaly.OTHERS}
    order = [name, *anomaly.OTHERS]
    alarms = found.alarms / max(1, found.alarms + found.passed)
    kinds = {
        "ROC": (
            thresholds.roc,
            (t("normal images that raise an alarm"), t("foreign images found")),
            (alarms, found.recall),
        ),
        "Precision and recall": (
            thresholds.precision_recall,
            (t("recall"), t("precision")),
            (found.recall, found.precision),
        ),
    }
    for tab, (kind, (curve, axes, at)) in zip(
        st.tabs([t(kind) for kind in kinds]), kinds.items(), strict=True
    ):
        made = {t(words[each]): curve(judged.foreign, judged.scores[each]) for each in order}
        with tab:
            figure(
                f"curve-{kind.split()[0].lower()}",
                curves(
                    {each: (line.x, line.y, line.area) for each, line in made.items()},
                    axes,
                    at,
                    chance=kind == "ROC",
                ),
                height=HEIGHT,
                label=t("{kind}, by method, with areas", kind=t(kind)),
            )


def _gallery(
    network: Trained, judged: Judged, scores: NDArray[np.float64], threshold: float
) -> None:
    """Show the most and the least foreign images, and those on the border, with their errors."""
    order = np.argsort(scores, kind="stable")
    border = np.argsort(abs(scores - threshold), kind="stable")[:SHOWN]
    groups = {
        t("The most foreign"): order[::-1][:SHOWN],
        t("On the border"): border[np.argsort(scores[border], kind="stable")],
        t("The least foreign"): order[:SHOWN],
    }
    for column, (label, rows) in zip(st.columns(3, gap="medium"), groups.items(), strict=True):
        images = (judged.images[rows] / 255).astype(np.float32)
        rebuilt = network.rebuild(images)
        with column:
            st.markdown(f"**{label}**")
            mosaic(
                f"gallery-{label}",
                figures.png(figures.mosaic([images, rebuilt, abs(images - rebuilt)])),
                rows=[t("image"), t("rebuilt"), t("error")],
                columns=[t("foreign") if judged.foreign[row] else t("normal") for row in rows],
                label=t("{label}: image, reconstruction and error of each pixel", label=label),
                height=GALLERY,
            )
