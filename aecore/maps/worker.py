"""The process in which maps are made; `aecore.maps.service.MapService` starts it and talks to it.

It reads tasks from its standard input and answers on its standard output. It ends when its input
does, so it never outlives the one who started it, whatever becomes of them.
"""

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from aecore.errors import LabError
from aecore.maps.projection import METHODS, Method, Projection, project
from aecore.workers import messages
from aecore.workers.messages import Arrays

# Training and the page come first.
NICENESS = 10
# A page looks some times a second.
REPORT_SECONDS = 0.1


READY = -1

# A map's arrays that are there for linear methods only.
LINEAR = ("origin", "basis")


def to_arrays(projection: Projection | None, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Return a map as what a message can hold."""
    names = ("points", "codes", *LINEAR)
    found = {name: getattr(projection, name, None) for name in names}
    return {prefix + name: array for name, array in found.items() if array is not None}


def from_arrays(method: Method, arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Projection:
    """Return the map that a message holds."""
    origin, basis = (arrays.get(prefix + name) for name in LINEAR)
    return Projection(method, arrays[f"{prefix}points"], arrays[f"{prefix}codes"], origin, basis)


class _Stopped(Exception):
    """Raised where progress is told, which both UMAP and t-SNE do at every few steps."""


class _Inbox:
    """What has been asked for and what of it is no longer wanted."""

    def __init__(self, source: BinaryIO) -> None:
        self.tasks: queue.SimpleQueue[tuple[dict[str, Any], Arrays]] = queue.SimpleQueue()
        self.unwanted: set[int] = set()
        threading.Thread(target=self._listen, args=(source,), daemon=True).start()

    def _listen(self, source: BinaryIO) -> None:
        """Take messages in; when there can be no more, end at once, whatever is being done."""
        with contextlib.suppress(EOFError, OSError):
            while True:
                facts, arrays = messages.read(source)
                if "stop" in facts:
                    self.unwanted.add(facts["stop"])
                else:
                    self.tasks.put((facts, arrays))
        os._exit(0)


def main() -> None:
    """Compile, then do one task after the other until the input ends."""
    # Control-C in a terminal reaches this process too; the one who started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICENESS)
    logging.getLogger("openTSNE").setLevel(logging.ERROR)
    answers = _claim_output()
    inbox = _Inbox(sys.stdin.buffer)
    _warm()
    _say(answers, {"number": READY})
    while True:
        _do(*inbox.tasks.get(), inbox.unwanted, answers)


def _claim_output() -> BinaryIO:
    """Keep the output for answers; what a library prints goes where errors go."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _warm() -> None:
    """Make a map of each kind, so that everything is imported and compiled."""
    codes = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    for method in METHODS:
        project(codes, method, quick=True)


def _do(facts: dict[str, Any], arrays: Arrays, unwanted: set[int], answers: BinaryIO) -> None:
    number, last = facts["number"], -np.inf

    def report(share: float) -> None:
        nonlocal last
        if number in unwanted:
            raise _Stopped
        if time.monotonic() - last >= REPORT_SECONDS:
            last = time.monotonic()
            _say(answers, {"number": number, "share": share})

    try:
        made = _made(facts, arrays, report)
    except _Stopped:
        _say(answers, {"number": number, "refused": "The map was cancelled."})
    except LabError as why:
        _say(answers, {"number": number, "refused": why.message.text, "values": why.message.values})
    except Exception as error:
        text = "The map could not be made: {error}"
        _say(answers, {"number": number, "refused": text, "values": {"error": repr(error)}})
    else:
        _say(answers, {"number": number, "share": 1.0, "method": made.method}, to_arrays(made))


def _made(facts: dict[str, Any], arrays: Arrays, report: Callable[[float], None]) -> Projection:
    previous = facts["previous"] and from_arrays(facts["previous"], arrays, "previous ")
    return project(
        arrays["codes"],
        facts["method"],
        previous=previous,
        units=tuple(facts["units"]),
        seed=facts["seed"],
        quick=facts["quick"],
        progress=report,
    )


def _say(answers: BinaryIO, facts: Mapping[str, Any], arrays: Arrays | None = None) -> None:
    try:
        messages.write(answers, facts, arrays)
    except OSError:
        os._exit(0)
