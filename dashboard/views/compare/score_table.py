"""How good the runs chosen are: errors, and what classifiers get from their codes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from aecore.applications.evaluation import scores
from aecore.errors import LabError
from aecore.i18n import t
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.state import commands

PERCENT = "%.1f %%"
COLUMNS: Mapping[str, tuple[str, str]] = {
    "test_mse": ("Test error", "%.5f"),
    "pca_mse_clamped": ("PCA's", "%.5f"),
    "psnr": ("PSNR, dB", "%.2f"),
    "ssim": ("SSIM", "%.3f"),
    "active": ("Active units", PERCENT),
    "code_knn": ("Neighbours", PERCENT),
    "code_logistic": ("Logistic", PERCENT),
    "pca_knn": ("Neighbours, PCA", PERCENT),
    "pca_logistic": ("Logistic, PCA", PERCENT),
}
"""Of each measure of `aecore.applications.evaluation.scores` that is shown, its name and format."""


def scores_of(shots: Mapping[str, Snapshot], named: Mapping[str, str]) -> None:
    """Offer to measure the runs, which takes seconds for each; what was measured is kept."""
    wanted = st.toggle(
        t("Scores on held-out images"),
        key="scores wanted",
        help=t(
            "Error on all held-out images beside PCA's with as many components, PSNR and SSIM, the "
            "share of units active, and the accuracy of classifiers taught with codes."
        ),
    )
    if not wanted:
        return
    table: dict[str, list[Any]] = {"run": [named[name] for name in shots]}
    found = []
    for name in shots:
        with st.spinner(t("Measuring {name}", name=named[name])):
            found.append(_measured(name))
    for measure, (_, form) in COLUMNS.items():
        scale = 100 if form == PERCENT else 1
        table[measure] = [scale * each[measure] if measure in each else None for each in found]
    number = st.column_config.NumberColumn
    formats = {name: number(t(label), format=form) for name, (label, form) in COLUMNS.items()}
    st.dataframe(
        table,
        key="scores",
        hide_index=True,
        column_config={"run": t("Run"), **formats},
    )


def _measured(name: str) -> Mapping[str, float]:
    """Return the scores of a run; none, with the reason said, where it cannot be measured."""
    run = Run(commands.desk().root / name)
    try:
        return _scores(str(run.path), run.written)
    except LabError as why:
        st.error(str(why), icon=":material/error:")
        return {}


@st.cache_data(show_spinner=False, max_entries=200)
def _scores(path: str, written: tuple[int, ...]) -> Mapping[str, float]:
    """Return how good the network of a run is as it was last saved."""
    del written
    return scores(TrainedModel.open(path, commands.load(Run(Path(path)).config.dataset)))
