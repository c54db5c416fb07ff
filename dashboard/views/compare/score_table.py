"""How good the runs chosen are: errors, and what classifiers get from their codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore.errors import LabError
from aecore.i18n import N_, Message, nt, t
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, cached
from dashboard.widgets.polling import poll

PERCENT = "%.1f %%"
COLUMNS: Mapping[str, tuple[Message, str]] = {
    "test_mse": (N_("Test error"), "%.5f"),
    "pca_mse_clamped": (N_("PCA error"), "%.5f"),
    "psnr": (N_("PSNR (dB)"), "%.2f"),
    "ssim": (N_("SSIM"), "%.3f"),
    "active": (N_("Active units"), PERCENT),
    "code_knn": (N_("k-NN accuracy"), PERCENT),
    "code_logistic": (N_("Logistic accuracy"), PERCENT),
    "pca_knn": (N_("k-NN accuracy, PCA"), PERCENT),
    "pca_logistic": (N_("Logistic accuracy, PCA"), PERCENT),
}
"""Of each measure of `aecore.applications.evaluation.scores` that is shown, its name and format."""


def scores_of(shots: Mapping[str, Snapshot], named: Mapping[str, str]) -> None:
    """Offer to measure the runs, which takes seconds for each; what was measured is kept."""
    wanted = st.toggle(
        t("Scores on held-out images"),
        key="scores wanted",
        help=t(
            "Error on all held-out images and that of PCA with as many components, PSNR "
            "and SSIM, the share of active units, and the accuracy of classifiers "
            "trained on codes."
        ),
    )
    if not wanted:
        return
    poll("scores", lambda: _table(list(shots), named))


def _table(names: Sequence[str], named: Mapping[str, str]) -> bool:
    """Show the scores that are computed; return whether more are to come."""
    rows = [_scores(name) for name in names]
    table: dict[str, list[Any]] = {"run": [named[name] for name in names]}
    for measure, (_, form) in COLUMNS.items():
        scale = 100 if form == PERCENT else 1
        table[measure] = [scale * row[measure] if row and measure in row else None for row in rows]
    number = st.column_config.NumberColumn
    formats = {name: number(str(label), format=form) for name, (label, form) in COLUMNS.items()}
    st.dataframe(
        table,
        key="scores",
        hide_index=True,
        column_config={"run": t("Run"), **formats},
    )
    missing = sum(row is None for row in rows)
    # A space where all is there, so that nothing jumps.
    st.caption(
        nt("Scoring {count} run", "Scoring {count} runs", missing)
        if missing
        else "\N{NO-BREAK SPACE}"
    )
    return missing > 0


def _scores(name: str) -> Mapping[str, float] | None:
    """Return the scores of a run, None until computed; empty, with the reason, where it fails."""
    try:
        return cached.scores(Run(active_run.root() / name))
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return {}
