"""How many runs train at once, and whose turn it is."""

import os
import threading
from typing import Protocol

CORES = os.cpu_count() or 1
TORCH_THREADS = max(1, CORES // 2)
"""Threads of a run: half of the cores, which on most processors are the physical ones."""

RUNS_AT_ONCE = max(1, CORES // TORCH_THREADS)
"""How many runs these threads leave room for."""


class Contender(Protocol):
    """A run that wants to train.

    Attributes
    ----------
    watched : bool
        Whether somebody is looking at it.
    """

    @property
    def watched(self) -> bool: ...  # noqa: D102

    def wake(self) -> None:
        """Ask again: there may be room."""
        ...


class TrainingSlots:
    """Let a few runs train at once; the others wait in the order in which they came.

    Any thread may call.

    Parameters
    ----------
    count : int
        How many may train at once.
    """

    def __init__(self, count: int = RUNS_AT_ONCE) -> None:
        self.count = count
        # The first `count` train.
        self._queue: list[Contender] = []
        self._lock = threading.Lock()

    def request(self, contender: Contender) -> bool:
        """Return whether a run may train now; if not, it joins the queue and is woken later.

        A run that nobody watches gives its place to one that is watched and waits.
        """
        with self._lock:
            if contender not in self._queue:
                self._queue.append(contender)
            waiting = self._queue[self.count :]
            if not contender.watched and any(each.watched for each in waiting):
                self._queue.remove(contender)
                self._queue.append(contender)
                self._wake()
            return contender in self._queue[: self.count]

    def is_waiting(self, contender: Contender) -> bool:
        """Return whether a run is in the queue and may not train yet."""
        with self._lock:
            return contender in self._queue[self.count :]

    def leave(self, contender: Contender) -> None:
        """Take a run that is to train no longer out of the queue."""
        with self._lock:
            if contender in self._queue:
                self._queue.remove(contender)
                self._wake()

    def _wake(self) -> None:
        for each in self._queue[: self.count]:
            each.wake()
