"""A button that trains several runs in the background."""

from collections.abc import Sequence

import streamlit as st

from aecore.config import Config
from aecore.data import Dataset
from aecore.experiments.grid import Planned
from dashboard.state import active_run, experiments, messages


def train_button(
    key: str,
    label: str,
    names: Sequence[str],
    configs: Sequence[Config],
    dataset: Dataset,
    *,
    help: str | None = None,  # noqa: A002 -- as Streamlit's buttons have it
) -> None:
    """Show a button that trains runs as a sweep.

    Parameters
    ----------
    key : str
        Key of the button.
    label : str
    names : sequence of str
        Names of the hyperparameters that vary.
    configs : sequence of Config
        Configurations to train; the button is disabled if there are none.
    dataset : Dataset
    help : str, optional
    """
    st.button(
        label,
        key=key,
        icon=":material/play_arrow:",
        disabled=not configs or experiments.sweeps().running,
        on_click=_start,
        args=(names, configs, dataset),
        help=help,
    )


def _start(names: Sequence[str], configs: Sequence[Config], dataset: Dataset) -> None:
    planned = [Planned({name: getattr(each, name) for name in names}, each) for each in configs]
    root = active_run.root()
    messages.attempt(lambda: experiments.start_sweep(names, planned, dataset, root))
