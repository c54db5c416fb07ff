"""The measurement of growing data this server is at: in the background, seen from all tabs."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st

from aecore.errors import LabError
from aecore.experiments import scaling
from dashboard.state.task_slot import Bench


@dataclass(eq=False)
class Measuring:
    """A measurement at work, or done; what was measured is on disk.

    Attributes
    ----------
    total : int
        Rows there will be.
    done : int
    running : bool
    error : LabError or None
        Why it ended early.
    """

    total: int
    done: int = 0
    running: bool = True
    error: LabError | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """End it; what was measured stays."""
        self.stop.set()

    def work(self, counts: Sequence[int], sides: Sequence[int], root: Path) -> None:
        """Measure all, and write each row down at once."""
        try:
            for row in scaling.measure(counts, sides, cancel=self.stop):
                scaling.keep([row], root)
                self.done += 1
        except LabError as why:
            self.error = why
        except OSError as error:
            self.error = LabError("The disk refused: {error}.", error=error)
        finally:
            self.running = False


@st.cache_resource(show_spinner=False)
def _bench() -> Bench[Measuring]:
    return Bench()


def current() -> Measuring | None:
    """Return the measurement at work, or the last one."""
    return _bench().now


def start(counts: Sequence[int], sides: Sequence[int], root: Path) -> None:
    """Begin a measurement.

    Raises
    ------
    LabError
        Where one is at work.
    """
    made = Measuring(len(counts) * len(sides) * len(scaling.METHODS))
    work = partial(made.work, counts, sides, root)
    busy = LabError("A measurement is at work; cancel it, or wait until it is done.")
    _bench().begin(made, work, busy)
