"""The parent's side of a worker: a child process that does one task at a time.

Started by the interpreter's own command line and not by `multiprocessing`, whose children run the
main script once more: that would be the page.
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

# Many workers share the cores with each other, with training and with the page.
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


def command(module: str, niceness: int = 0) -> tuple[str, ...]:
    """Return the command line of a worker that serves a module's ``HANDLERS``.

    Parameters
    ----------
    module : str
    niceness : int
        How far everything else on the machine goes first, from 0 to 19.
    """
    return (sys.executable, "-m", "aecore.workers.serve", module, str(niceness))


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker is asked to do.

    Attributes
    ----------
    name : str
        A key of the worker's ``HANDLERS``.
    values : mapping
        Anything that JSON can say.
    arrays : mapping of str to ndarray
    """

    name: str
    values: Facts = field(default_factory=dict)
    arrays: Arrays = field(default_factory=dict)


class ProcessEndedError(Exception):
    """A process ended before it had answered.

    Attributes
    ----------
    code : int
        Its exit code; negative for a signal.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WorkerProcess:
    """A child process that runs `aecore.workers.serve` with one thread for each numeric library.

    It ends with this program, whatever becomes of that. `run` belongs to one thread; the other
    methods may be called from any.

    Parameters
    ----------
    command : sequence of str
        What is started, as `command` gives it.
    environment : mapping of str to str, optional
        Variables beside those of this program.

    Attributes
    ----------
    pid : int

    Raises
    ------
    LabError
        Where the system does not start one.
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
        """Return whether it can be given a task."""
        return not self._killed and self._process.poll() is None

    def run(
        self, task: Task, number: int, report: Callable[[float], None] | None = None
    ) -> tuple[Facts, Arrays]:
        """Have a task done and return the values and arrays it comes to.

        Parameters
        ----------
        task : Task
        number : int
            By which it can be stopped; another one for each task.
        report : callable, optional
            Told the share that is done, in [0, 1], some times a second.

        Raises
        ------
        LabError
            The handler's own; `Cancelled` where it was stopped.
        ProcessEndedError
            Where the process ended on the way.
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
        """Ask the process to give a task up; one that has just ended is none to stop."""
        if self._writing.acquire(timeout=timeout):
            try:
                with suppress(OSError, ValueError):
                    messages.write(self._input, {"stop": number})
            finally:
                self._writing.release()

    def kill(self) -> None:
        """End the process now; who waits for its answer learns of it there."""
        self._killed = True
        self._process.kill()

    def end(self) -> int:
        """Kill the process unless it ended by itself, let go of it, and return its exit code.

        Called by the thread that calls `run`.
        """
        with suppress(subprocess.TimeoutExpired):
            # It may have closed its output a moment before it ends by itself.
            self._process.wait(0 if self._killed else 0.5)
        self.kill()
        code = self._process.wait()
        self._output.close()
        with self._writing, suppress(BrokenPipeError):
            self._input.close()
        return code
