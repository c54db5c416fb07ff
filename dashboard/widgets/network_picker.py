"""Which run's network a page uses: the one in view, or one from disk."""

import streamlit as st

from aecore.i18n import t
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, cached, commands

IN_VIEW = ""


def network(newest: Snapshot) -> TrainedModel:
    """Ask which run's network is used, and return it as it is now.

    Raises
    ------
    LabError
        Where the run chosen cannot be read.
    """
    here = active_run.live().run.name
    names = [row["name"] for row in commands.saved_runs() if row["name"] != here]
    chosen = st.selectbox(
        t("Network"),
        [IN_VIEW, *names],
        key="network",
        format_func=lambda name: name or t("Current run"),
        help=t("The current run, live, or a saved one."),
        width=320,
    )
    if not chosen:
        return TrainedModel.from_snapshot(newest, cached.dataset(newest.config.dataset), here)
    return cached.trained_model(Run(active_run.root() / chosen))
