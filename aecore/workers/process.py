"""The parent's side of a worker: a child process that runs one task at a time.

It is started by a command line, not by `multiprocessing`, whose children import the main script
again, which would run the Streamlit page.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from aecore.errors import LabError
from aecore.workers import messages
from aecore.workers.messages import Arrays, Facts

# Workers share the cores with each other, with training and with the page.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def command(module: str, niceness: int = 0) -> tuple[str, ...]:
    """Return the command line of a worker that serves a module's ``HANDLERS``.

    Parameters
    ----------
    module : str
    niceness : int
        Niceness of the process, from 0 to 19 (lowest priority).
    """
    return (sys.executable, "-m", "aecore.workers.serve", module, str(niceness))


@dataclass(frozen=True, eq=False)
class Task:
    """A task for a worker.

    Attributes
    ----------
    name : str
        A key of the worker's ``HANDLERS``.
    values : mapping
        Anything that JSON can represent.
    arrays : mapping of str to ndarray
    """

    name: str
    values: Facts = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


class ProcessEndedError(Exception):
    """A process ended before it answered.

    Attributes
    ----------
    code : int
        Its exit code; negative for a signal.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WorkerProcess:
    """A child process that runs `aecore.workers.serve` with one thread per numeric library.

    It ends with this program, even if that is killed. `run` and `end` must be called by a single
    thread; the other methods are thread-safe.

    Parameters
    ----------
    command : sequence of str
        Command line, as returned by `command`.
    environment : mapping of str to str, optional
        Environment variables in addition to those of this program.

    Attributes
    ----------
    pid : int

    Raises
    ------
    LabError
        If the process cannot be started.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        pipe = subprocess.PIPE
        variables = {**os.environ, **ONE_THREAD, **(environment or {})}
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, env=variables)  # noqa: S603
        except OSError as error:
            raise LabError("A process could not be started: {error}.", error=error) from None
        self._input = cast(BinaryIO, self._process.stdin)
        self._output = cast(BinaryIO, self._process.stdout)
        self._writing = threading.Lock()
        self._killed = False
        self.pid = self._process.pid

    def is_alive(self) -> bool:
        """Return whether it can run a task."""
        return not self._killed and self._process.poll() is None

    def run(
        self, task: Task, number: int, report: Callable[[float], None] | None = None
    ) -> tuple[Facts, Arrays]:
        """Run a task, and return the resulting values and arrays.

        Parameters
        ----------
        task : Task
        number : int
            Unique number by which the task can be stopped.
        report : callable, optional
            Called several times a second with the completed share, in [0, 1].

        Raises
        ------
        LabError
            If the handler raises it; `Cancelled` if the task was stopped.
        ProcessEndedError
            If the process ends before it answers.
        """
        facts = {"number": number, "task": task.name, "values": dict(task.values)}
        try:
            with self._writing:
                messages.write(self._input, facts, task.arrays)
            while True:
                answer, arrays = messages.read(self._output)
                if "progress" not in answer:
                    break
                if report is not None:
                    report(answer["progress"])
        except (EOFError, OSError):
            raise ProcessEndedError(self.end()) from None
        if "error" in answer:
            raise messages.error_from(answer["error"])
        return answer["values"], arrays

    def stop(self, number: int, timeout: float) -> None:
        """Ask the process to stop a task; no effect if the task has just ended."""
        if self._writing.acquire(timeout=timeout):
            try:
                with suppress(OSError, ValueError):
                    messages.write(self._input, {"stop": number})
            finally:
                self._writing.release()

    def kill(self) -> None:
        """Kill the process; a waiting `run` raises `ProcessEndedError`."""
        self._killed = True
        self._process.kill()

    def end(self) -> int:
        """Kill the process unless it ended by itself, close its streams, and return its exit code.

        Must be called by the thread that calls `run`.
        """
        with suppress(subprocess.TimeoutExpired):
            # It may close its output a moment before it exits by itself.
            self._process.wait(0 if self._killed else 0.5)
        self.kill()
        code = self._process.wait()
        self._output.close()
        with self._writing, suppress(BrokenPipeError):
            self._input.close()
        return code
