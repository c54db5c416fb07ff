"""The variants of the autoencoder, compared after the same number of passes over the images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments import variants
from aecore.i18n import nt, t
from aecore.runs.run import Run
from dashboard.state import active_run, cached, experiments
from dashboard.views.reduce.training import train_button
from dashboard.widgets.heading import heading
from dashboard.widgets.pca_comparison import pca_text
from dashboard.widgets.polling import PENDING, poll


def panel(dataset: Dataset) -> None:
    """Show the form that trains the variants, and the scores of those trained."""
    heading(t("Variants compared, with the same number of passes over the images"))
    st.caption(
        t(
            "The learning rate of each is chosen among three by validation error, in trials of a "
            "fifth of the epochs."
        )
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            t("Epochs"),
            1,
            500,
            20,
            key="variant epochs",
            width=130,
            help=t(
                "Passes over the images, layer-wise pretraining included: at least one for "
                "each layer, and one for all together."
            ),
        )
        st.number_input(
            t("Bottleneck"),
            1,
            256,
            16,
            key="variant bottleneck",
            width=130,
            help=t("For all but the sparse variants, whose code has 256 units."),
        )
        trained, missing = _variants(dataset)
        label = nt("Train {count} missing variant", "Train {count} missing variants", len(missing))
        train_button(
            "train variants",
            label if missing else t("All trained"),
            lambda: experiments.start_variants(_variants(dataset)[1], dataset, active_run.root()),
            disabled=not missing,
        )
    if trained:
        poll("variants", lambda: _table(trained))
    else:
        st.caption(t("No variants are trained yet. From a terminal: aecore variants"))


def _variants(dataset: Dataset) -> tuple[dict[str, Path], dict[str, Config]]:
    """Return the folders of the trained variants chosen now, and the settings of the others."""
    configs = variants.variants(
        dataset.name,
        epochs=int(st.session_state["variant epochs"]),
        bottleneck=int(st.session_state["variant bottleneck"]),
    )
    root = active_run.root()
    paths = {name: variants.finished_run(root, dataset, each) for name, each in configs.items()}
    trained = {name: path for name, path in paths.items() if path is not None}
    return trained, {name: each for name, each in configs.items() if name not in trained}


def _table(trained: Mapping[str, Path]) -> bool:
    """Show the scores of each variant; return whether some are pending."""
    scores = {name: _scores(trained[name]) for name in reversed(list(trained))}
    rows = [scores[name] for name in trained]
    heads: Mapping[str, tuple[str, str]] = {
        t("Error"): ("test_mse", ".5f"),
        t("PCA error"): ("pca_mse_clamped", ".5f"),
        t("Active units"): ("active", ".0%"),
        t("k-NN accuracy"): ("code_knn", ".1%"),
        t("Logistic accuracy"): ("code_logistic", ".1%"),
        t("Learning rate"): ("learning_rate", "g"),
        t("Seconds"): ("seconds", ".1f"),
    }
    st.dataframe(
        {
            t("Variant"): [str(variants.VARIANTS[name][0]) for name in trained],
            **{head: [_cell(row, *form) for row in rows] for head, form in heads.items()},
        },
        hide_index=True,
        key="variants table",
    )
    return any(row is None for row in rows)


def _scores(path: Path) -> Mapping[str, Any] | None:
    """Return the scores of a run, its learning rate and seconds.

    None until they are computed, or empty if the run is unreadable.
    """
    try:
        run = Run(path)
        scores = cached.scores(run)
        if scores is None:
            return None
        seconds = run.summary().get("seconds")
        return {**scores, "learning_rate": run.config.learning_rate, "seconds": seconds}
    except LabError:
        return {}


def _cell(row: Mapping[str, Any] | None, name: str, form: str) -> str:
    if row is None:
        return PENDING
    value = row.get(name)
    if value is None:
        return "–"
    return pca_text(value, form) if name == "pca_mse_clamped" else format(value, form)
