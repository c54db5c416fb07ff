"""The variants of the autoencoder, compared at the same training budget."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments import variants
from aecore.experiments.sweep import folder_name
from aecore.i18n import nt, t
from aecore.runs.run import Run
from dashboard.state import active_run, cached
from dashboard.views.reduce.training import train_button
from dashboard.widgets.heading import heading
from dashboard.widgets.pca_comparison import pca_text
from dashboard.widgets.polling import PENDING, poll


def panel(dataset: Dataset) -> None:
    """Show the form that trains the variants, and the scores of those trained."""
    heading(t("Variants compared, with the same training budget"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        epochs = int(st.number_input(t("Epochs"), 1, 500, 20, key="variant epochs", width=130))
        width = int(
            st.number_input(
                t("Bottleneck"),
                1,
                256,
                16,
                key="variant bottleneck",
                width=130,
                help=t("For all but the sparse variants, whose code has 256 units."),
            )
        )
        configs = variants.variants(dataset.name, epochs=epochs, bottleneck=width)
        root = active_run.root()
        missing = [c for c in configs.values() if not variants.finished(root / folder_name(c))]
        label = nt("Train {count} missing variant", "Train {count} missing variants", len(missing))
        names = ("activation", "sparsity_kind")
        train_button(
            "train variants", label if missing else t("All trained"), names, missing, dataset
        )
    trained = {name: root / folder_name(c) for name, c in configs.items() if c not in missing}
    if trained:
        poll("variants", lambda: _table(trained))
    else:
        st.caption(t("No variants are trained yet. From a terminal: aecore variants"))


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
    """Return the scores and seconds of a run, None until computed, or empty if unreadable."""
    try:
        run = Run(path)
        scores = cached.scores(run)
        return None if scores is None else {**scores, "seconds": run.summary().get("seconds")}
    except LabError:
        return {}


def _cell(row: Mapping[str, Any] | None, name: str, form: str) -> str:
    if row is None:
        return PENDING
    value = row.get(name)
    if value is None:
        return "–"
    return pca_text(value, form) if name == "pca_mse_clamped" else format(value, form)
