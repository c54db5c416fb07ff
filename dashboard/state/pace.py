"""How often pages are redrawn: as often as they ask for, unless that would hold up the training."""

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import streamlit as st

# Share of one core that all redraws together may take; sending them takes about as much again.
SHARE = 0.2
# Weight of the newest redraw in the mean.
WEIGHT = 0.1
# An interval is kept until it is this much too long: each change redraws a whole page.
SLACK = 2.0


class Pace:
    """Let tabs redraw one after the other, and space the redraws by their cost.

    Only one redraw competes with the training thread for the interpreter at a time. They are drawn
    in the order in which they were asked for; a plain lock may pass over the same one for long.
    """

    def __init__(self) -> None:
        # The first draws, the others wait.
        self._queue: list[object] = []
        self._turn = threading.Condition()
        self._seconds = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn to redraw, and measure the processor time that it takes."""
        redraw = object()
        with self._turn:
            self._queue.append(redraw)
        try:
            with self._turn:
                self._turn.wait_for(lambda: self._queue[0] is redraw)
            started = time.thread_time()
            try:
                yield
            finally:
                self._seconds += WEIGHT * (time.thread_time() - started - self._seconds)
        finally:
            with self._turn:
                self._queue.remove(redraw)
                self._turn.notify_all()

    @property
    def waiting(self) -> int:
        """Number of redraws that wait for their turn."""
        return max(0, len(self._queue) - 1)

    def in_turn(self, draw: Callable[[], None]) -> Callable[[], None]:
        """Return a function that draws at once when it is first called, and then in turn.

        The first call is part of the redraw of a whole page, for which a user waits.
        """
        calls = count()

        def draw_in_turn() -> None:
            if next(calls) == 0:
                draw()
                return
            with self.turn():
                draw()

        return draw_in_turn

    def interval(self, least: float, tabs: int, present: float = 0.0) -> float:
        """Return the interval between two redraws of a tab.

        Parameters
        ----------
        least : float
            Shortest interval, in seconds.
        tabs : int
            Number of open tabs.
        present : float
            The tab's present interval, which changes only if it is too short or much too long.

        Returns
        -------
        float
            In seconds: `least`, or longer by a power of the square root of 2.
        """
        needed = max(least, tabs * self._seconds / SHARE)
        if needed <= present <= max(least, needed * SLACK):
            return present
        return float(least * 2 ** (math.ceil(2 * math.log2(needed / least)) / 2))


@st.cache_resource(show_spinner=False)
def pace() -> Pace:
    """Return the pace of this server."""
    return Pace()
