"""The dataset this server is adding: downloaded, or read from the user's own files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import streamlit as st

from aecore import data
from aecore.data import CustomImages, Options
from aecore.errors import Cancelled, LabError
from dashboard.state import cached, keys
from dashboard.state.task import Task, TaskSlot

PART = "adding"
"""The part of the page that follows the task."""

FILES = ""
"""Stands for the name of a dataset while the user's files are read for a preview."""


@dataclass(frozen=True, eq=False)
class Preview:
    """What was read of the user's files, to be added or not.

    Attributes
    ----------
    images : CustomImages or None
        None if they cannot be read.
    error : LabError or None
        Why not.
    """

    images: CustomImages | None
    error: LabError | None


@st.cache_resource(show_spinner=False)
def additions() -> TaskSlot[CustomImages | str]:
    """Return the slot of what is being added.

    The only row of its task is the name of the dataset that was downloaded, or the images that
    were read.
    """
    return TaskSlot()


def start_reading(files: Sequence[BinaryIO], options: Options) -> None:
    """Read the user's files in the background.

    Raises
    ------
    LabError
        Where another dataset is being added.
    """

    def work(task: Task[CustomImages | str]) -> Iterator[CustomImages]:
        del task
        yield data.read(files[0] if len(files) == 1 else files, options)

    _start(FILES, work)


def add(images: CustomImages, name: str, *, replace: bool = False) -> None:
    """Add a dataset of images that were read.

    Raises
    ------
    LabError
        Where the name is invalid or taken, or the disk is full.
    """
    data.store(images, name, replace=replace)
    cached.dataset.clear()


def start_download(name: str) -> None:
    """Download a dataset in the background.

    Raises
    ------
    LabError
        Where another dataset is being added.
    """

    def work(task: Task[CustomImages | str]) -> Iterator[str]:
        def progress(done: int, total: int) -> None:
            task.share = done / max(1, total)
            if task.cancelled.is_set():
                raise Cancelled("The download was cancelled.")

        data.download(name, progress=progress)
        yield name

    _start(name, work)


def _start(
    name: str, work: Callable[[Task[CustomImages | str]], Iterator[CustomImages | str]]
) -> None:
    busy = LabError("Another dataset is being added; wait until it is done.")
    additions().start(Task(1, (name,)), work, busy)
    st.session_state[keys.ADDING] = name
    # Its end redraws the page, even where it comes before the first redraw.
    st.session_state[keys.polling(PART)] = True
