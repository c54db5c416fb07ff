"""Maps made in another process, which compiles UMAP before anyone asks, and can be stopped."""

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

# Training and the page come first.
NICENESS = 10
COMMAND = command("aecore.maps.worker", NICENESS)

MapRequest = Request[Projection]


class MapService:
    """Make maps one after the other in a process that is started, and compiles, at once.

    May be used from several threads. Close it, or leave that to the end of the program; its
    process ends with this one in any case.

    Parameters
    ----------
    command : sequence of str
        What is started.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._pool = WorkerPool(command, setup=Task("warm"), eager=True)
        self._newest: dict[str, MapRequest] = {}
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether everything is compiled, so that a map takes only its own time."""
        return self._pool.ready

    @property
    def pids(self) -> list[int]:
        """The numbers that the system knows the process by; none between two processes."""
        return self._pool.pids

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is ready, at most `timeout` seconds; return whether it is."""
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
        """Ask for a map; see `aecore.maps.projection.project`.

        Parameters
        ----------
        name : str
            What it is for. It takes the place of a request of the same name that has not begun.

        Returns
        -------
        MapRequest
            A future of the map.

        Raises
        ------
        LabError
            Where the service is closed.
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
        """Stop what was asked for; work that does not stop by itself is ended with its process."""
        request.cancel()

    def close(self) -> None:
        """End the process; what was asked for and is not done is cancelled."""
        self._pool.close()


def _projection(facts: Facts, arrays: Arrays) -> Projection:
    return from_arrays(facts["method"], arrays)
