"""The process in which maps are made; `aecore.mapper.Mapper` starts it and talks to it.

It reads tasks from its standard input and answers on its standard output. It ends when its input
does, so it never outlives the one who started it, whatever becomes of them.
"""

import contextlib
import logging
import os
import pickle
import queue
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from aecore.projection import METHODS, project
from aecore.words import Refusal

# Training and the page come first.
NICENESS = 10
# A page looks some times a second.
REPORT_SECONDS = 0.1


@dataclass(frozen=True)
class Task:
    """A map to be made: what `aecore.projection.project` is given."""

    number: int
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Stop:
    """A task that is no longer wanted."""

    number: int


@dataclass(frozen=True)
class Answer:
    """What became of a task so far.

    Attributes
    ----------
    number : int
        Of the task; `READY` when the worker has compiled everything.
    share : float, in [0, 1]
        How much of it is done.
    outcome : Projection or Exception, optional
        With it the task is over.
    """

    number: int
    share: float = 0.0
    outcome: Any = None


READY = -1


class _Stopped(Exception):
    """Raised where progress is told, which both UMAP and t-SNE do at every few steps."""


class _Inbox:
    """What has been asked for and what of it is no longer wanted."""

    def __init__(self, source: BinaryIO) -> None:
        self.tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
        self.unwanted: set[int] = set()
        threading.Thread(target=self._listen, args=(source,), daemon=True).start()

    def _listen(self, source: BinaryIO) -> None:
        """Take messages in; when there can be no more, end at once, whatever is being done."""
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                # The other end is the process that started this one.
                match pickle.load(source):  # noqa: S301
                    case Task() as task:
                        self.tasks.put(task)
                    case Stop(number):
                        self.unwanted.add(number)
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
    _say(answers, Answer(READY))
    while True:
        _do(inbox.tasks.get(), inbox.unwanted, answers)


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


def _do(task: Task, unwanted: set[int], answers: BinaryIO) -> None:
    last = -np.inf

    def report(share: float) -> None:
        nonlocal last
        if task.number in unwanted:
            raise _Stopped
        if time.monotonic() - last >= REPORT_SECONDS:
            last = time.monotonic()
            _say(answers, Answer(task.number, share))

    outcome: Any
    try:
        outcome = project(**task.arguments, progress=report)
    except (Refusal, _Stopped) as reason:
        outcome = reason
    except Exception as error:
        # Of any other kind it may be that it cannot be sent.
        outcome = Refusal("The map could not be made: {error}", error=repr(error))
    _say(answers, Answer(task.number, 1.0, outcome))


def _say(answers: BinaryIO, answer: Answer) -> None:
    try:
        pickle.dump(answer, answers, pickle.HIGHEST_PROTOCOL)
        answers.flush()
    except OSError:
        os._exit(0)
