"""What takes longer than a page may wait: made on a thread, and drawn once it is there.

A page asks each time it is drawn, gets what there is, and says what is still to come.
"""

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

from aecore.errors import LabError

T = TypeVar("T")

# Of those nobody looks at.
MOST = 40
# A page that is looked at asks at least every second.
LOOKED_AT_SECONDS = 5.0
PATIENCE = 10.0

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Wish:
    """What is asked for under a key, and what was made last, perhaps of another version."""

    wanted: Hashable
    make: Callable[[], Any]
    asked_at: float
    value: Any = None
    error: LabError | None = None
    waiting: bool = True
    known: bool = False


class Later:
    """Make values one after the other on a thread; any thread may ask.

    Parameters
    ----------
    most : int
        So many values that nobody looks at are kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._wishes: OrderedDict[Hashable, _Wish] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="later", daemon=True)
        self._thread.start()

    def ask(self, key: Hashable, make: Callable[[], T], version: Hashable = None) -> T | None:
        """Return what was made last under a key, and have it made where the version is another.

        The newest wish is made first: it is what a person looks at now. One that nobody asks for
        again is not made.

        Parameters
        ----------
        key : hashable
        make : callable
            Called on the thread, without anything of a page; may refuse.
        version : hashable
            What is made depends on it. Until this one is there, the last one is returned.

        Returns
        -------
        object or None
            None where nothing was made yet.

        Raises
        ------
        LabError
            Where this version could not be made.
        """
        with self._changed:
            now = time.monotonic()
            wish = self._wishes.get(key)
            if wish is None:
                wish = self._wishes[key] = _Wish(version, make, now)
                self._changed.notify()
            elif wish.wanted != version:
                wish.wanted, wish.make, wish.waiting, wish.error = version, make, True, None
                self._changed.notify()
            elif now - wish.asked_at > LOOKED_AT_SECONDS and wish.waiting:
                self._wishes.move_to_end(key)
                self._changed.notify()
            wish.asked_at = now
            if wish.error is not None:
                raise wish.error
            return cast("T", wish.value) if wish.known else None

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is waiting that somebody looks at; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._next() is None, seconds)

    def close(self) -> None:
        """Make no more, and wait for what is being made."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(PATIENCE)

    def _next(self) -> _Wish | None:
        """Return the newest wish that somebody still has."""
        since = time.monotonic() - LOOKED_AT_SECONDS
        for wish in reversed(self._wishes.values()):
            if wish.waiting and wish.asked_at > since:
                return wish
        return None

    def _work(self) -> None:
        # The rest of the processor is for the page and for training.
        torch.set_num_threads(1)
        while True:
            with self._changed:
                while (wish := self._next()) is None and not self._closed:
                    self._changed.wait()
                if self._closed or wish is None:
                    return
                version, make = wish.wanted, wish.make
            value, error = _made(make)
            with self._changed:
                if error is None:
                    wish.value, wish.known = value, True
                if wish.wanted == version:
                    wish.waiting, wish.error = False, error
                self._forget()
                self._changed.notify_all()

    def _forget(self) -> None:
        """Let go of what nobody has looked at for longest."""
        since = time.monotonic() - LOOKED_AT_SECONDS
        idle = [key for key, wish in self._wishes.items() if wish.asked_at <= since]
        idle.sort(key=lambda key: self._wishes[key].asked_at)
        for key in idle[: max(0, len(idle) - self._most)]:
            del self._wishes[key]


def _made(make: Callable[[], Any]) -> tuple[Any, LabError | None]:
    try:
        return make(), None
    except LabError as why:
        return None, why
    except Exception as error:  # Whatever it is, the page says it and the rest goes on.
        logger.exception("Something could not be computed")
        said = f"{type(error).__name__}: {error}"
        return None, LabError("This could not be computed: {error}.", error=said)


@st.cache_resource(show_spinner=False)
def later() -> Later:
    """Return the server's, shared by all browsers and ended with it."""
    made = Later()
    atexit.register(made.close)
    return made


def ask(key: Hashable, make: Callable[[], T], version: Hashable = None) -> T | None:
    """Return what was made last under a key, or None; see `Later.ask`."""
    return later().ask(key, make, version)
