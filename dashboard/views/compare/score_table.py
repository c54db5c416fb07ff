"""Scores of the selected runs: errors, and the accuracy of classifiers trained on codes."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from aecore.errors import LabError
from aecore.files import cell
from aecore.i18n import N_, Message, nt, t
from aecore.metrics.pca import is_exact
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, cached
from dashboard.widgets.polling import poll

PERCENT = "%.1f %%"
COLUMNS: Mapping[str, tuple[Message, str]] = {
    "test_mse": (N_("Test error"), "%.5f"),
    "pca_mse_clamped": (N_("PCA error"), "%.5f"),
    "noisy_test_mse": (N_("Test error, noisy"), "%.5f"),
    "noisy_pca_mse": (N_("PCA error, noisy"), "%.5f"),
    "psnr": (N_("PSNR (dB)"), "%.2f"),
    "ssim": (N_("SSIM"), "%.3f"),
    "active": (N_("Active units"), PERCENT),
    "code_knn": (N_("k-NN accuracy"), PERCENT),
    "code_logistic": (N_("Logistic accuracy"), PERCENT),
    "pca_knn": (N_("k-NN accuracy, PCA"), PERCENT),
    "pca_logistic": (N_("Logistic accuracy, PCA"), PERCENT),
}
"""Label and number format of each displayed score of `aecore.applications.evaluation.scores`."""
PCA_ERRORS = frozenset({"pca_mse_clamped", "noisy_pca_mse"})
NOISY_SCORES = frozenset({"noisy_test_mse", "noisy_pca_mse"})


def scores_of(shots: Mapping[str, Snapshot], titles: Mapping[str, str]) -> None:
    """Draw a switch that scores the runs, and the table of scores.

    Scoring takes a few seconds per run, once: the scores are cached.

    Parameters
    ----------
    shots : mapping of str to Snapshot
        Keys are the names of the runs.
    titles : mapping of str to str
        Titles of the runs, by name.
    """
    enabled = st.toggle(
        t("Scores on held-out images"),
        key="scores wanted",
        help=t(
            "Error on all held-out images and that of PCA with as many components (empty "
            "where PCA is exact at this width); of runs trained with noise also the error on "
            "noisy images and that of denoising by PCA; PSNR and SSIM, the share of active "
            "units, and the accuracy of classifiers trained on codes."
        ),
    )
    if not enabled:
        return
    poll("scores", lambda: _table(list(shots), titles))


def _table(names: Sequence[str], titles: Mapping[str, str]) -> bool:
    """Show the scores computed so far; return whether any are still missing."""
    rows = [_scores(name) for name in names]
    table: dict[str, list[Any]] = {"run": [cell(titles[name]) for name in names]}
    columns: dict[str, Any] = {}
    for score, (label, number_format) in COLUMNS.items():
        if score in NOISY_SCORES and not any(row and score in row for row in rows):
            continue
        table[score] = [_cell(row, score) for row in rows]
        columns[score] = st.column_config.NumberColumn(str(label), format=number_format)
    st.dataframe(
        table,
        key="scores",
        hide_index=True,
        column_config={"run": t("Run"), **columns},
    )
    missing = sum(row is None for row in rows)
    # A blank caption once all scores are there, so that the page below does not move.
    st.caption(
        nt("Scoring {count} run", "Scoring {count} runs", missing)
        if missing
        else "\N{NO-BREAK SPACE}"
    )
    return missing > 0


def _cell(row: Mapping[str, float] | None, score: str) -> float | None:
    """Return a score as it is shown; None where it is missing, or where PCA is exact."""
    value = row.get(score) if row else None
    if value is None or (score in PCA_ERRORS and is_exact(value)):
        return None
    return 100 * value if COLUMNS[score][1] == PERCENT else value


def _scores(name: str) -> Mapping[str, float] | None:
    """Return the scores of a run; None until computed, empty if that fails (shows the error)."""
    try:
        return cached.scores(Run(active_run.root() / name))
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return {}
