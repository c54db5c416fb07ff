"""The child's loop: read tasks from standard input, answer on standard output.

::

    python -m aecore.workers.serve MODULE [NICENESS]

serves the functions in ``MODULE.HANDLERS``. The other side is
`aecore.workers.process.WorkerProcess`. This module imports only what messages need, so that a
worker starts quickly.
"""

import contextlib
import importlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import BinaryIO, NoReturn

from aecore.errors import Cancelled, LabError
from aecore.workers import messages
from aecore.workers.messages import Arrays, Facts

# The page polls a few times a second.
REPORT_SECONDS = 0.1

Report = Callable[[float], None]
"""Report the completed share of a task, in [0, 1]; raises `Cancelled` if it should stop."""

Answer = tuple[Facts, Arrays]
Handler = Callable[[Facts, Arrays, Report], Answer]


def serve(handlers: Mapping[str, Handler] | str, niceness: int = 0) -> NoReturn:
    """Run one task after another until the input ends; then exit immediately.

    A worker therefore never outlives the program that started it, even if that is killed. Errors
    are sent as answers; for those that are not a `LabError`, the traceback also goes to standard
    error.

    Parameters
    ----------
    handlers : mapping of str to callable, or str
        Handlers by task name, or the name of a module with ``HANDLERS``. The module is imported
        after the streams are redirected, so that its output does not mix with messages.
    niceness : int
        Niceness of the process, from 0 to 19 (lowest priority).
    """
    # Ctrl-C in a terminal reaches this process too, but the parent decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(niceness)
    source, answers = _claim_streams()
    inbox = _Inbox(source)
    if isinstance(handlers, str):
        table: Mapping[str, Handler] = importlib.import_module(handlers).HANDLERS
    else:
        table = handlers
    while True:
        facts, arrays = inbox.tasks.get()
        report = _reporter(facts["number"], inbox.cancelled, answers)
        _send(answers, *_answer(table[facts["task"]], facts["values"], arrays, report))


class _Inbox:
    """The queue of tasks, and the numbers of those that were cancelled."""

    def __init__(self, source: BinaryIO) -> None:
        self.tasks: queue.SimpleQueue[tuple[Facts, Arrays]] = queue.SimpleQueue()
        self.cancelled: set[int] = set()
        threading.Thread(target=self._listen, args=(source,), daemon=True).start()

    def _listen(self, source: BinaryIO) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                facts, arrays = messages.read(source)
                if "stop" in facts:
                    self.cancelled.add(facts["stop"])
                else:
                    self.tasks.put((facts, arrays))
        os._exit(0)


def _claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Reserve standard input and output for messages, at the level of file descriptors.

    Whatever libraries print, even from C, goes to standard error, and their standard input is
    empty.
    """
    source = os.fdopen(os.dup(sys.stdin.fileno()), "rb")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, sys.stdin.fileno())
    os.close(empty)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return source, answers


def _reporter(number: int, cancelled: set[int], answers: BinaryIO) -> Report:
    last = -REPORT_SECONDS

    def report(share: float) -> None:
        nonlocal last
        if number in cancelled:
            raise Cancelled("The work was cancelled.")
        if (now := time.monotonic()) - last >= REPORT_SECONDS:
            last = now
            _send(answers, {"progress": share})

    return report


def _answer(handler: Handler, values: Facts, arrays: Arrays, report: Report) -> Answer:
    try:
        facts, results = handler(values, arrays, report)
    except LabError as error:
        return {"error": messages.error_facts(error)}, {}
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        failure = LabError("The work failed unexpectedly ({error}).", error=reason)
        return {"error": messages.error_facts(failure)}, {}
    return {"values": dict(facts)}, results


def _send(answers: BinaryIO, facts: Facts, arrays: Arrays | None = None) -> None:
    try:
        messages.write(answers, facts, arrays)
    except OSError:
        os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], *map(int, sys.argv[2:]))
