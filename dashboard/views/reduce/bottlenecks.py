"""Error and classifier accuracy against the size of the code."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import ConfigError, LabError
from aecore.experiments.grid import Planned
from aecore.i18n import nt, t
from aecore.presets import preset
from aecore.runs import index
from aecore.runs.index import Row
from aecore.runs.run import Run
from aecore.training import probe
from aecore.training.corruption import noise_level
from aecore.training.subset import training_subset
from dashboard.components.live_figure import figure
from dashboard.figures.bottleneck_curve import against_bottleneck
from dashboard.state import active_run, cached, experiments
from dashboard.views.reduce.training import train_button
from dashboard.widgets.heading import heading
from dashboard.widgets.polling import PENDING, poll

WIDTHS = (2, 4, 8, 16, 32, 64)
# The settings that decide on which images a run is trained and compared with others.
IMAGES = ("dataset", "classes", "train_size", "validation_images")
HEIGHT = 360


def panel(dataset: Dataset) -> None:
    """Show the best run of each bottleneck next to PCA, and offer to train missing ones."""
    offers = data.offers()
    title = offers[dataset.name].title if dataset.name in offers else dataset.name
    heading(t("Error vs bottleneck ({name})", name=title))
    best = _best(index.index(active_run.root()), dataset)
    widths = tuple(width for width in WIDTHS if width < dataset.images[0].size)
    missing = [width for width in widths if width not in best]
    left, right = st.columns(2, gap="medium")
    with left:
        pca = _pca(dataset.fingerprint, widths, dataset)
        poll("bottlenecks", lambda: _errors(best, pca))
        st.caption(
            t(
                "The finished run with the lowest validation error for each bottleneck, among "
                "those trained without noise on the same images of all classes. Shown are errors "
                "on test images."
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
                lambda: _train(missing, dataset),
                help=t(
                    "In the background, with the preset Stacked; they appear here once finished."
                ),
            )
    with right:
        heading(t("Classifier accuracy by code size"))
        poll("classifiers", lambda: _classifiers(best))


def _train(widths: Sequence[int], dataset: Dataset) -> None:
    planned = [
        Planned({"bottleneck": width}, preset("stacked", dataset.name, bottleneck=width))
        for width in widths
    ]
    experiments.start_sweep(("bottleneck",), planned, dataset, active_run.root())


def _best(rows: Sequence[Row], dataset: Dataset) -> dict[int, Row]:
    """Return the comparable run with the lowest validation error for each bottleneck."""
    reference = Config(dataset=dataset.name)
    best: dict[int, Row] = {}
    for row in sorted(rows, key=_validation_error):
        is_measured = index.is_finished(row) and row["held_out"]
        if is_measured and row["fingerprint"] == dataset.fingerprint:
            config = _comparable(row, reference)
            if config is not None:
                best.setdefault(config.bottleneck, row)
    return best


def _comparable(row: Row, reference: Config) -> Config | None:
    """Return the last settings of a run, or None if it has other images, noise or is damaged."""
    try:
        first, last = Config.from_saved(row["config"]), Config.from_saved(row["settings"])
    except ConfigError:
        return None
    is_same = all(getattr(last, name) == getattr(reference, name) for name in IMAGES)
    # With noise, errors are measured on noisy images.
    is_clean = noise_level(first) == noise_level(last) == 0
    return last if is_same and is_clean else None


def _validation_error(row: Row) -> float:
    return math.inf if row["held_out"] is None else row["held_out"]


@st.cache_data(show_spinner=False, max_entries=8)
def _pca(
    fingerprint: str, widths: tuple[int, ...], _dataset: Dataset
) -> tuple[tuple[int, ...], list[float]]:
    """Return PCA's error on test images for each number of components.

    It is fitted to the images that the runs were trained on.
    """
    # The fingerprint is part of the cache key, as the dataset itself cannot be hashed.
    del fingerprint
    subset = training_subset(_dataset, Config(dataset=_dataset.name))
    components = probe.training_pca(subset, len(subset.images))
    images = subset.test_images
    return widths, [components.error(images, width, clamped=True) for width in widths]


def _errors(best: Mapping[int, Row], pca: tuple[Sequence[int], Sequence[float]]) -> bool:
    """Plot the test errors computed so far; return whether some are pending."""
    scores = _scores_by_width(best)
    errors = {width: row["test_mse"] for width, row in sorted(scores.items()) if row}
    figure(
        "reduce-curve",
        against_bottleneck(
            {t("autoencoder"): (list(errors), list(errors.values()))} if errors else {},
            {t("PCA"): pca},
            t("test error"),
        ),
        height=HEIGHT,
        label=t("Test error vs bottleneck: autoencoder and PCA"),
    )
    return None in scores.values()


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
    scores = _scores_by_width(best)
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
    return None in scores.values()


def _scores_by_width(best: Mapping[int, Row]) -> dict[int, Mapping[str, float] | None]:
    """Return the scores of each run; see `_scores`."""
    # The latest request is served first, and what is shown starts with the smallest code.
    return {width: _scores(best[width]) for width in sorted(best, reverse=True)}


def _scores(row: Row) -> Mapping[str, float] | None:
    """Return the scores of a run, None until computed, or empty if it cannot be read."""
    try:
        return cached.scores(Run(active_run.root() / row["name"]))
    except LabError:
        return {}
