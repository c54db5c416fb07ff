"""The sweep this server works on: many runs, in the background, seen from all browser tabs."""

import math
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st

from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments.grid import Planned
from aecore.experiments.sweep import Outcome, sweep
from aecore.i18n import t
from dashboard.state.task_slot import Bench


def processes() -> int:
    """Return how many runs are trained at once: a core is left for the page and the run on top."""
    return max(1, (os.cpu_count() or 2) - 1)


@dataclass(eq=False)
class Sweeping:
    """A sweep at work, or done.

    Attributes
    ----------
    knobs : tuple of str
        Those that it turns.
    total : int
    outcomes : list of Outcome
        So far.
    running : bool
    error : str
        Why it ended early; empty if it did not.
    """

    knobs: tuple[str, ...]
    total: int
    outcomes: list[Outcome] = field(default_factory=list)
    running: bool = True
    error: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Give up the runs at work; those that are done stay."""
        self.stop.set()

    def work(
        self, planned: Sequence[Planned], dataset: Dataset, root: Path, *, halving: bool
    ) -> None:
        """Train all; what goes wrong is told in the page."""
        try:
            for row in sweep(
                planned,
                dataset,
                root=root,
                processes=processes(),
                halving=halving,
                cancel=self.stop,
            ):
                self.outcomes.append(row)
        except (LabError, OSError) as error:
            self.error = str(error)
        finally:
            self.running = False


@st.cache_resource(show_spinner=False)
def _bench() -> Bench[Sweeping]:
    return Bench()


def current() -> Sweeping | None:
    """Return the sweep at work, or the last one."""
    return _bench().now


def start(
    knobs: Sequence[str],
    planned: Sequence[Planned],
    dataset: Dataset,
    root: Path,
    *,
    halving: bool = False,
) -> None:
    """Begin a sweep.

    Raises
    ------
    LabError
        Where one is at work.
    """
    made = Sweeping(tuple(knobs), len(planned))
    work = partial(made.work, planned, dataset, root, halving=halving)
    busy = LabError("A sweep is at work; cancel it, or wait until it is done.")
    _bench().begin(made, work, busy)


def show(found: Sweeping) -> None:
    """Show how far a sweep is, with a way to stop it."""
    done = len(found.outcomes)
    failed = sum(row.reason is not None for row in found.outcomes)
    words = t("{done} of {total} runs", done=done, total=found.total)
    if failed:
        words += " · " + t("{failed} could not be made", failed=failed)
    left = found.outcomes[-1].seconds_left if found.outcomes else math.nan
    if found.running and math.isfinite(left):
        words += " · " + t("about {left:.0f} s left", left=left)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / max(1, found.total), words)
        if found.running:
            st.button(t("Cancel"), key="cancel sweep", on_click=found.cancel)
    if found.error:
        st.error(found.error, icon=":material/error:")
