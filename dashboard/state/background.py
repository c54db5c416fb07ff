"""Slow values, computed on a background thread and cached."""

import atexit
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import streamlit as st
import torch

from aecore.errors import LabError, unexpected_error

T = TypeVar("T")

IDLE_ENTRIES = 40
# A page that is looked at asks at least every second.
WATCHED_SECONDS = 5.0
JOIN_SECONDS = 10.0

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Entry:
    """What is asked for under a key, and what was computed last, perhaps of another version."""

    version: Hashable
    compute: Callable[[], Any]
    asked_at: float
    value: Any = None
    error: LabError | None = None
    waiting: bool = True
    known: bool = False
    turn: int = 0
    """The number of the computation that was its last; 0 if it was never computed."""


class BackgroundCache:
    """Compute slow values on a background thread and cache them.

    Any thread may ask; values are computed one after the other: those that were never computed,
    the newest first, in turns with those that are outdated. During training some are outdated as
    soon as they are computed, and must not keep the others waiting.

    Parameters
    ----------
    idle_entries : int
        How many values that nobody looks at are kept.
    """

    def __init__(self, idle_entries: int = IDLE_ENTRIES) -> None:
        self._idle_entries = idle_entries
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._turn = 0
        self._was_first = False
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)
        self._thread.start()

    def get(self, key: Hashable, compute: Callable[[], T], version: Hashable = None) -> T | None:
        """Return the last value of a key, and have it computed where its version is outdated.

        The newest request is served first: it is what a person looks at now. One that is not
        repeated is dropped.

        Parameters
        ----------
        key : hashable
        compute : callable
            Called on the thread, without access to the page; may raise a LabError.
        version : hashable
            What the value depends on. Until this version is there, the last one is returned.

        Returns
        -------
        object or None
            None where nothing was computed yet.

        Raises
        ------
        LabError
            Where this version could not be computed.
        """
        with self._changed:
            now = time.monotonic()
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry(version, compute, now)
                self._changed.notify()
            elif entry.version != version:
                entry.version, entry.compute = version, compute
                entry.waiting, entry.error = True, None
                self._changed.notify()
            elif now - entry.asked_at > WATCHED_SECONDS and entry.waiting:
                self._entries.move_to_end(key)
                self._changed.notify()
            entry.asked_at = now
            if entry.error is not None:
                raise entry.error
            return cast("T", entry.value) if entry.known else None

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is left to compute that somebody looks at; return whether so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._next() is None, seconds)

    def close(self) -> None:
        """Compute no more, and wait for what is being computed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(JOIN_SECONDS)

    def _next(self) -> _Entry | None:
        """Return the entry whose turn it is, of those that are waiting and looked at."""
        since = time.monotonic() - WATCHED_SECONDS
        newest_first = reversed(self._entries.values())
        waiting = [each for each in newest_first if each.waiting and each.asked_at > since]
        first = [each for each in waiting if not each.turn]
        again = sorted((each for each in waiting if each.turn), key=lambda each: each.turn)
        return next(iter([*again, *first] if self._was_first else [*first, *again]), None)

    def _work(self) -> None:
        # The rest of the processor is for the page and for training.
        torch.set_num_threads(1)
        while True:
            with self._changed:
                while (entry := self._next()) is None and not self._closed:
                    self._changed.wait()
                if self._closed or entry is None:
                    return
                self._turn += 1
                self._was_first, entry.turn = not entry.turn, self._turn
                version, compute = entry.version, entry.compute
            value, error = _outcome(compute)
            with self._changed:
                if error is None:
                    entry.value, entry.known = value, True
                if entry.version == version:
                    entry.waiting, entry.error = False, error
                self._evict()
                self._changed.notify_all()

    def _evict(self) -> None:
        """Drop the values that nobody has looked at for longest."""
        since = time.monotonic() - WATCHED_SECONDS
        idle = [key for key, entry in self._entries.items() if entry.asked_at <= since]
        idle.sort(key=lambda key: self._entries[key].asked_at)
        for key in idle[: max(0, len(idle) - self._idle_entries)]:
            del self._entries[key]


def _outcome(compute: Callable[[], Any]) -> tuple[Any, LabError | None]:
    try:
        return compute(), None
    except LabError as error:
        return None, error
    except Exception as error:  # Whatever it is, the page says it and the rest goes on.
        logger.exception("A value could not be computed")
        return None, unexpected_error(error)


@st.cache_resource(show_spinner=False)
def background_cache() -> BackgroundCache:
    """Return the server's cache, shared by all browsers and closed with it."""
    cache = BackgroundCache()
    atexit.register(cache.close)
    return cache


def get(key: Hashable, compute: Callable[[], T], version: Hashable = None) -> T | None:
    """Return the last value of a key, or None; see `BackgroundCache.get`."""
    return background_cache().get(key, compute, version)
