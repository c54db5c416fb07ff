"""Signals that end a command between two steps, so that it can save."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

STOPPED = 128
"""Exit code of a stopped command, to which the number of the signal is added."""

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@dataclass
class Stop:
    """A request to stop.

    Attributes
    ----------
    requested : Event
    code : int
        The exit code; 0 without a request.
    """

    requested: Event = field(default_factory=Event)
    code: int = 0

    def __bool__(self) -> bool:
        return self.requested.is_set()


@contextmanager
def stopping() -> Iterator[Stop]:
    """Yield what Ctrl-C, a request to end, and a closed terminal set.

    Where a closed terminal is ignored, as ``nohup`` arranges, it stays ignored.
    """
    stop = Stop()

    def catch(number: int, _frame: object) -> None:
        stop.code = STOPPED + number
        stop.requested.set()

    signals = list(SIGNALS)
    # Windows has no such signal.
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        signals.append(hangup)
    before = {number: signal.signal(number, catch) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
