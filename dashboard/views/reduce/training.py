"""A button that trains several runs in the background."""

from collections.abc import Callable

import streamlit as st

from dashboard.state import experiments, messages


def train_button(
    key: str,
    label: str,
    start: Callable[[], None],
    *,
    disabled: bool = False,
    help: str | None = None,  # noqa: A002 -- as Streamlit's buttons have it
) -> None:
    """Show a button that starts training, unless a sweep is running.

    Parameters
    ----------
    key : str
        Key of the button.
    label : str
    start : callable
        Starts the training; what it raises becomes a sentence on the page.
    disabled : bool
        Whether there is nothing to train.
    help : str, optional
    """
    st.button(
        label,
        key=key,
        icon=":material/play_arrow:",
        disabled=disabled or experiments.sweeps().running,
        on_click=messages.attempt,
        args=(start,),
        help=help,
    )
