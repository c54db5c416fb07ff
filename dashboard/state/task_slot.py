"""One piece of work at a time, in the background: seen from all tabs, and ended with the server."""

import atexit
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from aecore.errors import LabError

PATIENCE = 10.0


class Work(Protocol):
    """What a bench bears: it says whether it goes on, and can be given up."""

    running: bool

    def cancel(self) -> None:
        """Give it up; what is done stays."""


W = TypeVar("W", bound=Work)


class Bench(Generic[W]):
    """The work at hand, or the last one.

    Attributes
    ----------
    now : Work or None
    """

    def __init__(self) -> None:
        self.now: W | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        atexit.register(self.clear)

    def begin(self, made: W, work: Callable[[], None], busy: LabError) -> None:
        """Do some work on a thread of its own.

        Parameters
        ----------
        made : Work
            What tells of it.
        work : callable
            Does it.
        busy : LabError
            What is said where other work goes on.

        Raises
        ------
        LabError
        """
        with self._lock:
            if self.now is not None and self.now.running:
                raise busy
            self.now = made
            self._thread = threading.Thread(target=work, name="bench", daemon=True)
            self._thread.start()

    def clear(self) -> None:
        """Give up the work at hand, and wait for it to end."""
        if self.now is not None and self._thread is not None:
            self.now.cancel()
            self._thread.join(PATIENCE)
