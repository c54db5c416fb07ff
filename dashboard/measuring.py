"""The measurement of growing data this server is at: in the background, seen from all tabs."""

import atexit
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from aecore import scaling
from aecore.words import Refusal

PATIENCE = 10.0


@dataclass(eq=False)
class Measuring:
    """A measurement at work, or done; what was measured is on disk.

    Attributes
    ----------
    total : int
        Rows there will be.
    done : int
    running : bool
    error : Refusal or None
        Why it ended early.
    """

    total: int
    done: int = 0
    running: bool = True
    error: Refusal | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def cancel(self) -> None:
        """End it; what was measured stays."""
        self.stop.set()

    def work(self, counts: Sequence[int], sides: Sequence[int], root: Path) -> None:
        """Measure all, and write each row down at once."""
        try:
            for row in scaling.measure(counts, sides, cancel=self.stop):
                scaling.keep([row], root)
                self.done += 1
        except Refusal as why:
            self.error = why
        except OSError as error:
            self.error = Refusal("The disk refused: {error}.", error=error)
        finally:
            self.running = False


@dataclass(eq=False)
class _Bench:
    now: Measuring | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        if self.now is not None and self.now.thread is not None:
            self.now.cancel()
            self.now.thread.join(PATIENCE)


@st.cache_resource(show_spinner=False)
def _bench() -> _Bench:
    made = _Bench()
    atexit.register(made.clear)
    return made


def current() -> Measuring | None:
    """Return the measurement at work, or the last one."""
    return _bench().now


def start(counts: Sequence[int], sides: Sequence[int], root: Path) -> None:
    """Begin a measurement.

    Raises
    ------
    Refusal
        Where one is at work.
    """
    bench = _bench()
    with bench.lock:
        if bench.now is not None and bench.now.running:
            raise Refusal("A measurement is at work; cancel it, or wait until it is done.")
        made = Measuring(len(counts) * len(sides) * len(scaling.METHODS))
        made.thread = threading.Thread(
            target=made.work, args=(counts, sides, root), name="measuring", daemon=True
        )
        bench.now = made
        made.thread.start()
