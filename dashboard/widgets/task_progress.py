"""How far a background task is, with a way to cancel it."""

from typing import Any

import streamlit as st

from aecore.i18n import t
from dashboard.state.task import Task


def task_progress(key: str, task: Task[Any], text: str, *, width: int | None = None) -> None:
    """Show the progress of a task while it runs, and why it ended early if it did.

    Parameters
    ----------
    key : str
        Of the button that cancels it.
    task : Task
    text : str
        What stands over the bar.
    width : int, optional
        Of the bar, in pixels.
    """
    if task.running:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(task.progress, text, width=width or "stretch")
            st.button(t("Cancel"), key=key, on_click=task.cancel)
    if task.error is not None:
        st.error(str(task.error), icon=":material/error:")
