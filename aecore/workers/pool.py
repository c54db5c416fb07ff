"""Requests to worker processes: queued, reported, cancelled, and tried again after a crash."""

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

# How long cancelled work may take to stop by itself. To kill it costs starting again.
PATIENCE = 2.0


class Request(Future[T]):
    """The future of a task that a pool was given.

    `result` raises `aecore.errors.Cancelled` where it was cancelled, and another
    `aecore.errors.LabError` where the work was refused or failed.

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
        """Give it up; return whether that was in time.

        It is done at once. Work under way is asked to stop, and killed if it does not soon.
        """
        return self._pool._cancel(self, Cancelled("The work was cancelled."))

    def withdraw(self, reason: Cancelled) -> bool:
        """Give it up for a reason, but only if it has not begun; return whether it had not."""
        return self._pool._cancel(self, reason, waiting_only=True)

    def _run(self, process: WorkerProcess) -> None:
        """Have it done by a process.

        Raises
        ------
        ProcessEndedError
        """
        try:
            result = self._decode(*process.run(self._task, self._number, self._report))
        except ProcessEndedError:
            raise
        except Exception as error:  # Whatever it is, who waits for the result is to have it.
            self._fail(error)
        else:
            self.progress = 1.0
            with suppress(InvalidStateError):
                self.set_result(result)

    def _report(self, share: float) -> None:
        self.progress = share

    def _fail(self, error: Exception) -> None:
        # It may be done already: cancelled while it ran.
        with suppress(InvalidStateError):
            self.set_exception(error)


class WorkerPool:
    """Have tasks done by processes of this machine, first come first served.

    May be used from several threads. Close it, or leave that to the end of the program; its
    processes end with this one in any case. A process that ends while it works is replaced.

    Parameters
    ----------
    command : sequence of str
        What is started; see `aecore.workers.process.command`.
    count : int
        How many processes at most.
    setup : Task, optional
        What each process does first, and whenever it was started again.
    eager : bool
        Start the processes now, rather than with their first request, and at once again where one
        was ready and ended.
    tries : int
        How often a request is begun whose process ends on the way.
    environment : mapping of str to str, optional
        Variables of the processes, beside those of this one.
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
        """The numbers that the system knows the processes by."""
        with self._changed:
            return [process.pid for process in self._processes]

    @property
    def ready(self) -> bool:
        """Whether a process is set up, so that a request takes only its own time."""
        with self._changed:
            return any(process.is_alive() for process in self._ready)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until a process is set up, at most `timeout` seconds; return whether one is."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ready, timeout)

    def submit(self, task: Task, decode: Callable[[Facts, Arrays], T]) -> Request[T]:
        """Ask for a task to be done.

        Parameters
        ----------
        task : Task
        decode : callable
            Makes the result of the values and arrays that come back.

        Raises
        ------
        LabError
            Where the pool is closed.
        """
        request = Request(self, next(self._numbers), task, decode)
        with self._changed:
            if self._closed:
                raise LabError("The worker processes were closed.")
            self._waiting.append(request)
            self._changed.notify_all()
        return request

    def close(self) -> None:
        """End the processes; what was asked for and is not done is cancelled."""
        with self._changed:
            self._closed = True
            given_up = [*self._waiting, *self._running]
            self._waiting.clear()
            for process in self._processes:
                process.kill()
            self._changed.notify_all()
        atexit.unregister(self.close)
        for request in given_up:
            request._fail(Cancelled("The work was cancelled."))
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _work(self) -> None:
        """Serve one request after the other with a process of this thread's own."""
        process = self._restart(None) if self._eager else None
        while (request := self._next()) is not None:
            process = self._serve(request, process)
            with self._changed:
                del self._running[request]
                self._changed.notify_all()
            # One that could not even be set up would not be now.
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
        """Have a request done; return the process that did it, or None where none would start."""
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
        """Return a process that is set up.

        Raises
        ------
        ProcessEndedError
        LabError
            Where it cannot be set up, or the pool is closed.
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
            begun = request in self._running
            if request.done() or (begun and waiting_only):
                return False
            if request in self._waiting:
                self._waiting.remove(request)
            process = self._running.get(request)
        request._fail(reason)
        if process is not None:
            threading.Thread(target=self._stop, args=(request, process), daemon=True).start()
        return True

    def _stop(self, request: Request[Any], process: WorkerProcess) -> None:
        """Wait until a process has given a request up; kill it if it does not."""
        process.stop(request._number, PATIENCE)
        with self._changed:
            self._changed.wait_for(lambda: request not in self._running, PATIENCE)
            if request in self._running:
                process.kill()
