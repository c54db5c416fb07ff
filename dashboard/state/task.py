"""Work in the background that yields rows: one task at a time in a slot, seen from all tabs."""

import atexit
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from aecore.errors import LabError, disk_error, unexpected_error

R = TypeVar("R")

JOIN_SECONDS = 10.0

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Task(Generic[R]):
    """Work in the background.

    Attributes
    ----------
    total : int
        How many rows there will be.
    about : tuple of str
        What the task was started for, for those who show it.
    rows : list
        Those so far, in the order in which they came.
    share : float or None
        The share done, in [0, 1]; None where the rows tell.
    running : bool
    error : LabError or None
        Why it ended early.
    cancelled : threading.Event
        Set to end it; the work looks at it.
    """

    total: int
    about: tuple[str, ...] = ()
    rows: list[R] = field(default_factory=list)
    share: float | None = None
    running: bool = True
    error: LabError | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def progress(self) -> float:
        """The share done, in [0, 1]."""
        share = len(self.rows) / max(1, self.total) if self.share is None else self.share
        return min(1.0, share)

    def cancel(self) -> None:
        """End the task; its rows stay."""
        self.cancelled.set()

    def consume(self, rows: Iterable[R]) -> None:
        """Take in all rows; what goes wrong ends the task and is kept as its error."""
        try:
            for row in rows:
                self.rows.append(row)
        except LabError as error:
            self.error = error
        except OSError as error:
            self.error = disk_error(error)
        except Exception as error:
            logger.exception("A task failed")
            self.error = unexpected_error(error)
        finally:
            self.running = False


class TaskSlot(Generic[R]):
    """Room for one task at a time.

    Attributes
    ----------
    task : Task or None
        The one that runs, or the last one.
    """

    def __init__(self) -> None:
        self.task: Task[R] | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        atexit.register(self.close)

    @property
    def running(self) -> bool:
        """Whether a task runs."""
        return self.task is not None and self.task.running

    def start(self, task: Task[R], work: Callable[[Task[R]], Iterable[R]], busy: LabError) -> None:
        """Run a task on a thread of its own.

        Parameters
        ----------
        task : Task
        work : callable
            Yields the rows; it ends early when the task is cancelled.
        busy : LabError
            Raised where another task runs.

        Raises
        ------
        LabError
        """
        with self._lock:
            if self.running:
                raise busy
            self.task = task
            self._thread = threading.Thread(
                target=lambda: task.consume(work(task)), name="task", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Cancel the task that runs, and wait for it to end."""
        if self.task is not None and self._thread is not None:
            self.task.cancel()
            self._thread.join(JOIN_SECONDS)
