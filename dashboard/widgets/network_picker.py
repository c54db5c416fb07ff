"""Select box for the network that a page uses: of the current run, or of a saved one."""

import streamlit as st

from aecore.i18n import t
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, cached

CURRENT = ""


def network(newest: Snapshot) -> TrainedModel:
    """Draw the select box and return the chosen network, in its latest state.

    Raises
    ------
    LabError
        If the chosen run cannot be read.
    """
    current = active_run.live().run.name
    names = [row["name"] for row in cached.run_rows(active_run.root()) if row["name"] != current]
    chosen = st.selectbox(
        t("Network"),
        [CURRENT, *names],
        key="network",
        format_func=lambda name: name or t("Current run"),
        help=t("The current run, live, or a saved one."),
        width=320,
    )
    if not chosen:
        return TrainedModel.from_snapshot(newest, cached.dataset_of(newest), current)
    return cached.trained_model(Run(active_run.root() / chosen))
