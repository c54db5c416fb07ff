"""Error and classifier accuracy against the size of the code."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore import data
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.i18n import nt, t
from aecore.presets import preset
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.training import probe
from dashboard.components.live_figure import figure
from dashboard.figures.bottleneck_curve import against_bottleneck
from dashboard.state import active_run, cached
from dashboard.views.reduce.training import train_button
from dashboard.widgets.heading import heading
from dashboard.widgets.pca_comparison import noise_of
from dashboard.widgets.polling import PENDING, poll

WIDTHS = (2, 4, 8, 16, 32, 64)
HELD_OUT = 1000
HEIGHT = 360


def panel(dataset: Dataset) -> None:
    """Show the best run of each bottleneck next to PCA, and offer to train missing ones."""
    offers = data.offers()
    title = offers[dataset.name].title if dataset.name in offers else dataset.name
    heading(t("Error vs bottleneck ({name})", name=title))
    best = _best(index.index(active_run.root()), dataset)
    missing = [w for w in WIDTHS if w not in best and w < dataset.images[0].size]
    left, right = st.columns(2, gap="medium")
    with left:
        pca = _pca(dataset.fingerprint, len(dataset.images), dataset)
        widths = sorted(best)
        figure(
            "reduce-curve",
            against_bottleneck(
                {t("autoencoder"): (widths, [_error(best[w]) for w in widths])} if best else {},
                {t("PCA"): pca},
            ),
            height=HEIGHT,
            label=t("Held-out error vs bottleneck: autoencoder and PCA"),
        )
        st.caption(
            t(
                "The best finished run of each bottleneck among saved runs, on all classes and "
                "without noise."
            )
        )
        if missing:
            train_button(
                "train missing",
                nt(
                    "Train missing size: {all}",
                    "Train missing sizes: {all}",
                    len(missing),
                    all=", ".join(map(str, missing)),
                ),
                ("bottleneck",),
                [preset("stacked", dataset.name, bottleneck=width) for width in missing],
                dataset,
                help=t(
                    "In the background, with the preset Stacked; they appear here once finished."
                ),
            )
    with right:
        heading(t("Classifier accuracy by code size"))
        poll("classifiers", lambda: _classifiers(best))


def _best(rows: Sequence[Row], dataset: Dataset) -> dict[int, Row]:
    """Return the finished run with the lowest error for each bottleneck."""
    best: dict[int, Row] = {}
    for row in rows:
        config = row["config"]
        # Runs of early versions kept no fingerprint.
        has_changed = row["fingerprint"] not in (None, dataset.fingerprint)
        is_same = config.get("dataset") == dataset.name and not has_changed
        # The errors of the others are measured on noisy images.
        is_clean = noise_of(row["settings"]) == ("none", 0.0)
        is_comparable = is_same and is_clean and not config.get("classes")
        if is_comparable and row["held_out"] and index.is_finished(row):
            width = int(config["bottleneck"])
            if width not in best or _error(row) < _error(best[width]):
                best[width] = row
    return best


def _error(row: Row) -> float:
    return math.inf if row["held_out"] is None else row["held_out"]


@st.cache_data(show_spinner=False, max_entries=8)
def _pca(fingerprint: str, count: int, _dataset: Dataset) -> tuple[list[int], list[float]]:
    """Return numbers of components and PCA's error for each, measured as the runs' errors are."""
    # The fingerprint is part of the cache key, as the dataset itself cannot be hashed.
    del fingerprint
    components = probe.training_pca(_dataset, count)
    widths = [width for width in WIDTHS if width < _dataset.images[0].size]
    images = _dataset.test_images[:HELD_OUT]
    return widths, [components.error(images, width, clamped=True) for width in widths]


def _classifiers(best: Mapping[int, Row]) -> bool:
    """Show the accuracies computed so far; return whether some are pending."""
    table: dict[str, list[Any]] = {
        t("Bottleneck"): [],
        t("k-NN, code"): [],
        t("k-NN, PCA"): [],
        t("logistic, code"): [],
        t("logistic, PCA"): [],
    }
    keys = ("bottleneck", "code_knn", "pca_knn", "code_logistic", "pca_logistic")
    # The latest request is served first, and the table starts with the smallest code.
    scores = {width: _scores(best[width]) for width in sorted(best, reverse=True)}
    for width in sorted(best):
        if (row := scores[width]) is None or "code_knn" in row:
            for column, key in zip(table.values(), keys, strict=True):
                value = width if key == "bottleneck" else PENDING if row is None else row[key]
                column.append(value if isinstance(value, int | str) else f"{value:.1%}")
    if table[t("Bottleneck")]:
        st.dataframe(table, hide_index=True, key="classifiers")
        st.caption(t("Trained on 5,000 codes, tested on held-out images."))
    else:
        st.caption(t("Finish a run to see the accuracy of two classifiers here."))
    return any(row is None for row in scores.values())


def _scores(row: Row) -> Mapping[str, float] | None:
    """Return the scores of a run, None until computed, or empty if it cannot be read."""
    try:
        return cached.scores(Run(active_run.root() / row["name"]))
    except LabError:
        return {}
