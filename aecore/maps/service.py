"""Compute maps in another process, which compiles UMAP in advance and can be stopped."""

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aecore.errors import Cancelled
from aecore.maps.projection import Method, Projection
from aecore.maps.worker import from_arrays, to_arrays
from aecore.workers.messages import Arrays, Facts
from aecore.workers.pool import Request, WorkerPool
from aecore.workers.process import Task, command

# Training and the page have priority.
NICENESS = 10
COMMAND = command("aecore.maps.worker", NICENESS)

MapRequest = Request[Projection]


class MapService:
    """Compute maps one at a time in a process that starts and compiles immediately.

    Thread-safe. The process ends with `close`, or with this program.

    Parameters
    ----------
    command : sequence of str
        Command that starts the process.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._pool = WorkerPool(command, setup=Task("warm"), eager=True)
        self._newest: dict[str, MapRequest] = {}
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether compilation is done, so that maps start without delay."""
        return self._pool.ready

    @property
    def pids(self) -> list[int]:
        """Process ids; empty while the process is being replaced."""
        return self._pool.pids

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds until it is ready; return whether it is."""
        return self._pool.wait(timeout)

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
        """Request a map; see `aecore.maps.projection.project` for the other parameters.

        Parameters
        ----------
        name : str
            Purpose of the map. It replaces a request of the same name that has not started.

        Returns
        -------
        MapRequest
            A future of the map.

        Raises
        ------
        LabError
            If the service is closed.
        """
        if previous is not None and len(previous.points) != len(codes):
            previous = None
        facts = {
            "method": method,
            "previous": previous and previous.method,
            "units": units,
            "seed": seed,
            "quick": quick,
        }
        arrays = {"codes": np.asarray(codes, np.float32), **to_arrays(previous, "previous ")}
        with self._lock:
            if name in self._newest:
                self._newest[name].withdraw(Cancelled("A newer map was requested."))
            self._newest[name] = self._pool.submit(Task("project", facts, arrays), _projection)
            return self._newest[name]

    def cancel(self, request: MapRequest) -> None:
        """Cancel a request, ending the process if it does not stop by itself."""
        request.cancel()

    def close(self) -> None:
        """End the process and cancel unfinished requests."""
        self._pool.close()


def _projection(facts: Facts, arrays: Arrays) -> Projection:
    return from_arrays(facts["method"], arrays)
