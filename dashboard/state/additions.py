"""The dataset this server is adding: downloaded, or made of the user's own files."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import streamlit as st

from aecore import data
from aecore.errors import Cancelled, LabError
from dashboard.state import cached, keys
from dashboard.state.task import Task, TaskSlot

PART = "adding"
"""The part of the page that follows the task."""


@st.cache_resource(show_spinner=False)
def additions() -> TaskSlot[str]:
    """Return the slot of what is being added; its task's only row is the dataset's name."""
    return TaskSlot()


def start_adding(file: BinaryIO, name: str, size: int | None) -> None:
    """Add the user's own images in the background.

    Raises
    ------
    LabError
        Where another dataset is being added.
    """

    def work(task: Task[str]) -> Iterator[str]:
        del task
        data.add(file, name, size=size)
        cached.dataset.clear()
        yield name

    _start(name, work)


def start_download(name: str) -> None:
    """Download a dataset in the background.

    Raises
    ------
    LabError
        Where another dataset is being added.
    """

    def work(task: Task[str]) -> Iterator[str]:
        def progress(done: int, total: int) -> None:
            task.share = done / max(1, total)
            if task.cancelled.is_set():
                raise Cancelled("The download was cancelled.")

        data.download(name, progress=progress)
        yield name

    _start(name, work)


def _start(name: str, work: Callable[[Task[str]], Iterator[str]]) -> None:
    busy = LabError("Another dataset is being added; wait until it is done.")
    additions().start(Task(1, (name,)), work, busy)
    st.session_state[keys.ADDING] = name
    # Its end redraws the page, even where it comes before the first redraw.
    st.session_state[keys.polling(PART)] = True
