"""Which run's network a page uses: the one in view, or one from disk."""

from pathlib import Path

import streamlit as st

from aecore.i18n import t
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from aecore.training.snapshot import Snapshot
from dashboard.state import commands, viewing

IN_VIEW = ""


def network(newest: Snapshot) -> TrainedModel:
    """Ask which run's network is used, and return it as it is now.

    Raises
    ------
    LabError
        Where the run chosen cannot be read.
    """
    here = viewing.run().name
    names = [run.name for run in commands.saved_runs() if run.name != here]
    chosen = st.selectbox(
        t("Network"),
        [IN_VIEW, *names],
        key="network",
        format_func=lambda name: name or t("The run on top"),
        help=t("The run that is trained above, answering while it trains, or one from disk."),
        width=320,
    )
    if not chosen:
        return TrainedModel.of(newest, commands.load(newest.config.dataset), here)
    run = Run(commands.desk().root / chosen)
    return _opened(str(run.path), run.written)


@st.cache_resource(show_spinner=False, max_entries=4)
def _opened(path: str, written: tuple[int, ...]) -> TrainedModel:
    """Return a network from disk, read once for all browsers."""
    del written
    dataset = commands.load(Run(Path(path)).config.dataset)
    return TrainedModel.open(path, dataset)
