"""Progress bar of a background task, with a button to cancel it."""

from typing import Any

import streamlit as st

from aecore.i18n import t
from dashboard.state.task import Task


def task_progress(
    key: str, task: Task[Any], text: str, *, width: int | None = None, keep: bool = False
) -> None:
    """Show the progress of a task while it runs, and its error if it failed.

    Parameters
    ----------
    key : str
        Key of the button that cancels the task.
    task : Task
    text : str
        Text above the bar, in the user's language.
    width : int, optional
        Width of the bar in pixels; stretches by default.
    keep : bool
        Whether the bar stays when the task has ended.
    """
    if task.running or keep:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(task.progress, text, width=width or "stretch")
            if task.running:
                st.button(t("Cancel"), key=key, on_click=task.cancel)
    if task.error is not None:
        st.error(str(task.error), icon=":material/error:")
