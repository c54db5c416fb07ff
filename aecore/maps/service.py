"""Maps made in another process, which compiles UMAP before anyone asks, and can be stopped.

A process of its own and not `multiprocessing`, whose children run the main script once more: that
would be the page.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from aecore.errors import Cancelled, LabError
from aecore.maps.projection import Method, Projection
from aecore.maps.worker import READY, from_arrays, to_arrays
from aecore.workers import messages
from aecore.workers.messages import Arrays, Facts

COMMAND = (sys.executable, "-c", "from aecore.maps.worker import main; main()")
# One thread each, so that training and the page go on.
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
# How long cancelled work may take to stop by itself. To kill it costs compiling again.
PATIENCE = 2.0


class MapRequest:
    """A map that was asked for.

    Attributes
    ----------
    name : str
        What it is for.
    progress : float, in [0, 1]
    """

    def __init__(self, name: str, facts: Facts, arrays: Arrays) -> None:
        self.name = name
        self.progress = 0.0
        self._facts, self._arrays = facts, arrays
        self._over = threading.Event()
        self._outcome: Projection | LabError | None = None

    @property
    def done(self) -> bool:
        """Whether there is a result or an error."""
        return self._over.is_set()

    @property
    def error(self) -> LabError | None:
        """Why there will be no map, if so."""
        return self._outcome if isinstance(self._outcome, LabError) else None

    def result(self, timeout: float | None = None) -> Projection:
        """Return the map, waiting for it if need be.

        Parameters
        ----------
        timeout : float, optional
            Seconds.

        Raises
        ------
        LabError
            Where there is none: it was cancelled or replaced, or cannot be made.
        TimeoutError
        """
        self._over.wait(timeout)
        if self._outcome is None:
            raise TimeoutError
        if isinstance(self._outcome, LabError):
            raise self._outcome
        return self._outcome

    def _finish(self, outcome: Projection | LabError) -> None:
        if not self.done:
            self._outcome = outcome
            self._over.set()


class MapService:
    """Make maps one after the other in a process that is started, and compiles, at once.

    May be used from several threads. Close it, or leave that to the end of the program; its
    process ends with this one in any case.

    Parameters
    ----------
    command : sequence of str
        What is started.
    """

    def __init__(self, command: tuple[str, ...] = COMMAND) -> None:
        self._command = command
        self._lock = threading.RLock()
        self._waiting: dict[str, MapRequest] = {}
        self._running: MapRequest | None = None
        self._count = 0
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._warm = threading.Event()
        atexit.register(self.close)
        self._start()

    @property
    def ready(self) -> bool:
        """Whether everything is compiled, so that a map takes only its own time."""
        return self._warm.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is ready, at most `timeout` seconds; return whether it is."""
        return self._warm.wait(timeout)

    def ask(
        self,
        codes: NDArray[np.floating],
        method: Method,
        *,
        name: str = "map",
        previous: Projection | None = None,
        units: tuple[int, int] = (0, 1),
        seed: int = 0,
        quick: bool = False,
    ) -> MapRequest:
        """Ask for a map; see `aecore.maps.projection.project`.

        Parameters
        ----------
        name : str
            What it is for. It takes the place of a request of the same name that has not begun.

        Raises
        ------
        LabError
            Where the mapper is closed.
        """
        with self._lock:
            if self._closed:
                raise LabError("Maps are no longer made: the process that makes them was closed.")
            if previous is not None and len(previous.points) != len(codes):
                previous = None
            self._count += 1
            facts = {
                "number": self._count,
                "method": method,
                "previous": previous and previous.method,
                "units": units,
                "seed": seed,
                "quick": quick,
            }
            arrays = {"codes": np.asarray(codes, np.float32), **to_arrays(previous, "previous ")}
            request = MapRequest(name, facts, arrays)
            if replaced := self._waiting.pop(name, None):
                replaced._finish(Cancelled("A newer map was asked for."))
            self._waiting[name] = request
            if self._process is None:
                self._start()
            self._next()
            return request

    def cancel(self, request: MapRequest) -> None:
        """Stop what was asked for; work that does not stop by itself is ended with its process."""
        with self._lock:
            if request.done:
                return
            request._finish(Cancelled("The map was cancelled."))
            if self._waiting.get(request.name) is request:
                del self._waiting[request.name]
            if request is self._running and self._process is not None:
                self._send(self._process, {"stop": request._facts["number"]})
                timer = threading.Timer(PATIENCE, self._end_if_running, (request,))
                timer.daemon = True
                timer.start()

    def close(self) -> None:
        """End the process; what was asked for and is not done is refused."""
        with self._lock:
            self._closed = True
            self._fail_all(Cancelled("The map was cancelled."))
            process, self._process = self._process, None
            self._warm.clear()
        atexit.unregister(self.close)
        if process is not None:
            _end(process)
        if self._reader is not None and self._reader is not threading.current_thread():
            self._reader.join()

    def _start(self) -> None:
        self._warm.clear()
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **THREADS},
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Take answers in until there can be no more."""
        source = cast(BinaryIO, process.stdout)
        with source, contextlib.suppress(EOFError, OSError):
            while True:
                self._take(process, *messages.read(source))
        _end(process)
        with self._lock:
            if process is self._process:
                self._lost(process.returncode)

    def _take(self, process: subprocess.Popen[bytes], facts: Facts, arrays: Arrays) -> None:
        with self._lock:
            if process is not self._process:
                return
            request, number = self._running, facts["number"]
            if number == READY:
                self._warm.set()
            elif request is not None and request._facts["number"] == number:
                request.progress = facts.get("share", request.progress)
                if (outcome := _read_outcome(facts, arrays)) is not None:
                    self._running = None
                    request._finish(outcome)
            self._next()

    def _next(self) -> None:
        """Begin the request that waits longest, if nothing else is under way."""
        if not self.ready or self._running or not self._waiting or self._process is None:
            return
        self._running = self._waiting.pop(next(iter(self._waiting)))
        self._send(self._process, self._running._facts, self._running._arrays)

    @staticmethod
    def _send(process: subprocess.Popen[bytes], facts: Facts, arrays: Arrays | None = None) -> None:
        # A process that has just ended is noticed where its answers are read.
        with contextlib.suppress(OSError, ValueError):
            messages.write(cast(BinaryIO, process.stdin), facts, arrays)

    def _end_if_running(self, request: MapRequest) -> None:
        with self._lock:
            if request is self._running and self._process is not None:
                process, self._running = self._process, None
                process.kill()
                self._start()

    def _lost(self, code: int) -> None:
        """Go on with a new process, but not if this one could not even be made ready."""
        refusal = LabError("The process that makes maps ended ({code}); ask again.", code=code)
        was_ready = self.ready
        self._process = None
        self._warm.clear()
        if not was_ready:
            self._fail_all(refusal)
            return
        if self._running is not None:
            self._running._finish(refusal)
            self._running = None
        self._start()

    def _fail_all(self, refusal: LabError) -> None:
        running = [] if self._running is None else [self._running]
        for request in [*running, *self._waiting.values()]:
            request._finish(refusal)
        self._running = None
        self._waiting.clear()


def _read_outcome(facts: Facts, arrays: Arrays) -> Projection | LabError | None:
    if "refused" in facts:
        return LabError(facts["refused"], **facts.get("values", {}))
    return from_arrays(facts["method"], arrays) if "method" in facts else None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, which does so by itself when its input ends."""
    with contextlib.suppress(OSError, ValueError):
        cast(BinaryIO, process.stdin).close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
