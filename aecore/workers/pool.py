"""A pool of worker processes with a queue, progress, cancellation and retries after a crash."""

import atexit
import itertools
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, Self, TypeVar

from aecore.errors import Cancelled, LabError
from aecore.workers.messages import Arrays, Facts
from aecore.workers.process import ProcessEndedError, Task, WorkerProcess

T = TypeVar("T")

# Time in which a cancelled task may stop by itself; a killed process has to be started again.
STOP_SECONDS = 2.0


class Request(Future[T]):
    """The future of a task submitted to a pool.

    `result` raises `aecore.errors.Cancelled` if the task was cancelled, and another
    `aecore.errors.LabError` if it failed.

    Attributes
    ----------
    progress : float, in [0, 1]
    """

    def __init__(
        self, pool: "WorkerPool", number: int, task: Task, decode: Callable[[Facts, Arrays], T]
    ) -> None:
        super().__init__()
        self.progress = 0.0
        self._pool, self._number = pool, number
        self._task, self._decode = task, decode

    def cancel(self) -> bool:
        """Cancel the task; return whether it was not done yet.

        The future is done immediately. A running task is asked to stop, and its process is killed
        if it does not stop soon.
        """
        return self._pool._cancel(self, Cancelled("The work was cancelled."))

    def withdraw(self, reason: Cancelled) -> bool:
        """Cancel the task if it has not started, with a reason; return whether it was cancelled."""
        return self._pool._cancel(self, reason, waiting_only=True)

    def _run(self, process: WorkerProcess) -> None:
        """Run the task in a process.

        Raises
        ------
        ProcessEndedError
            If the process ends before it answers.
        """
        try:
            result = self._decode(*process.run(self._task, self._number, self._report))
        except ProcessEndedError:
            raise
        except Exception as error:  # Whoever waits for the result gets any error.
            self._fail(error)
        else:
            self.progress = 1.0
            with suppress(InvalidStateError):
                self.set_result(result)

    def _report(self, share: float) -> None:
        self.progress = share

    def _fail(self, error: Exception) -> None:
        # It may be done already, if it was cancelled while it ran.
        with suppress(InvalidStateError):
            self.set_exception(error)


class WorkerPool:
    """Run tasks in processes of this machine, first come, first served.

    Thread-safe. The processes end with `close`, or with this program. A process that ends during a
    task is replaced.

    Parameters
    ----------
    command : sequence of str
        Command that starts a process; see `aecore.workers.process.command`.
    count : int
        Maximum number of processes.
    setup : Task, optional
        Task that each process runs first, whenever it is started.
    eager : bool
        Start the processes immediately, rather than at their first request, and restart those that
        end after their setup.
    tries : int
        Maximum number of attempts at a request whose process ends.
    environment : mapping of str to str, optional
        Environment variables in addition to those of this program.
    """

    def __init__(
        self,
        command: Sequence[str],
        count: int = 1,
        *,
        setup: Task | None = None,
        eager: bool = False,
        tries: int = 1,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command, self._setup, self._environment = command, setup, environment
        self._eager, self._tries = eager, tries
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._waiting: deque[Request[Any]] = deque()
        self._running: dict[Request[Any], WorkerProcess | None] = {}
        self._processes: list[WorkerProcess] = []
        self._ready: set[WorkerProcess] = set()
        self._closed = False
        atexit.register(self.close)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """Process ids."""
        with self._changed:
            return [process.pid for process in self._processes]

    @property
    def ready(self) -> bool:
        """Whether a process is set up, so that a request starts without delay."""
        with self._changed:
            return any(process.is_alive() for process in self._ready)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until a process is set up; return whether one is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ready, timeout)

    def submit(self, task: Task, decode: Callable[[Facts, Arrays], T]) -> Request[T]:
        """Submit a task.

        Parameters
        ----------
        task : Task
        decode : callable
            Converts the values and arrays of the answer to the result.

        Returns
        -------
        Request
            The future of the result.

        Raises
        ------
        LabError
            If the pool is closed.
        """
        request = Request(self, next(self._numbers), task, decode)
        with self._changed:
            if self._closed:
                raise LabError("The worker processes were closed.")
            self._waiting.append(request)
            self._changed.notify_all()
        return request

    def close(self) -> None:
        """End the processes and cancel unfinished requests."""
        with self._changed:
            self._closed = True
            unfinished = [*self._waiting, *self._running]
            self._waiting.clear()
            for process in self._processes:
                process.kill()
            self._changed.notify_all()
        atexit.unregister(self.close)
        for request in unfinished:
            request._fail(Cancelled("The work was cancelled."))
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _work(self) -> None:
        """Serve one request after another with this thread's own process."""
        process = self._restart(None) if self._eager else None
        while (request := self._next()) is not None:
            process = self._serve(request, process)
            with self._changed:
                del self._running[request]
                self._changed.notify_all()
            # A process that failed during its setup would fail again.
            if self._eager and process is not None and not process.is_alive():
                process = self._restart(process)
        self._discard(process)

    def _next(self) -> Request[Any] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            request = self._waiting.popleft()
            request.set_running_or_notify_cancel()
            self._running[request] = None
            return request

    def _serve(self, request: Request[Any], process: WorkerProcess | None) -> WorkerProcess | None:
        """Run a request; return the process that ran it, or None if none could be started."""
        code = 0
        for _ in range(self._tries):
            try:
                if process is None or not process.is_alive():
                    self._discard(process)
                    process = None
                    process = self._start()
                with self._changed:
                    self._running[request] = process
                    if request.done():
                        return process
                request._run(process)
                return process
            except ProcessEndedError as ended:
                code = ended.code
            except LabError as error:
                request._fail(error)
                return None
            if request.done():
                return process
        request._fail(
            LabError(
                "The worker process ended (exit code {code}); there may be too little memory.",
                code=code,
            )
        )
        return process

    def _start(self) -> WorkerProcess:
        """Start a process and set it up.

        Raises
        ------
        ProcessEndedError
            If it ends during its setup.
        LabError
            If it cannot be set up, or the pool is closed.
        """
        with self._changed:
            if self._closed:
                raise Cancelled("The work was cancelled.")
            process = WorkerProcess(self._command, self._environment)
            self._processes.append(process)
        try:
            if self._setup is not None:
                process.run(self._setup, 0)
        except (ProcessEndedError, LabError):
            self._discard(process)
            raise
        with self._changed:
            self._ready.add(process)
            self._changed.notify_all()
        return process

    def _restart(self, process: WorkerProcess | None) -> WorkerProcess | None:
        self._discard(process)
        with suppress(ProcessEndedError, LabError):
            return self._start()
        return None

    def _discard(self, process: WorkerProcess | None) -> None:
        if process is not None:
            process.kill()
            process.end()
            with self._changed:
                self._processes.remove(process)
                self._ready.discard(process)

    def _cancel(
        self, request: Request[T], reason: Cancelled, *, waiting_only: bool = False
    ) -> bool:
        with self._changed:
            is_running = request in self._running
            if request.done() or (is_running and waiting_only):
                return False
            if request in self._waiting:
                self._waiting.remove(request)
            process = self._running.get(request)
        request._fail(reason)
        if process is not None:
            threading.Thread(target=self._stop, args=(request, process), daemon=True).start()
        return True

    def _stop(self, request: Request[Any], process: WorkerProcess) -> None:
        """Ask a process to stop a request, and kill it if it does not stop in time."""
        process.stop(request._number, STOP_SECONDS)
        with self._changed:
            self._changed.wait_for(lambda: request not in self._running, STOP_SECONDS)
            if request in self._running:
                process.kill()
