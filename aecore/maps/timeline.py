"""Maps of a run over the course of training, each starting from the map nearest in time.

Linear maps are computed immediately, the others by the map service: the newest step first, then
back through the frames to the beginning, so that the present map is the first to appear.
"""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from aecore.errors import LabError
from aecore.maps.projection import Method, Projection, project
from aecore.maps.service import MapRequest, MapService

Codes = NDArray[np.float32]
LINEAR: tuple[Method, ...] = ("direct", "pca")


@dataclass(frozen=True, eq=False)
class TimelineRequest:
    """The maps that a page needs.

    Attributes
    ----------
    step : int
        The step shown.
    codes : ndarray of shape (n, bottleneck)
        Codes at that step.
    paused : bool
        Whether training is paused, so that a thorough map of the step is worth its time.
    frames : sequence of int
        Other steps whose maps are needed, in ascending order.
    read : callable
        Returns the codes of one of these steps.
    """

    step: int
    codes: Codes
    paused: bool
    frames: Sequence[int]
    read: Callable[[int], Codes]


@dataclass(eq=False)
class MapTimeline:
    """Maps of the same images by one method, at different steps of a run.

    All browser tabs share it.

    Attributes
    ----------
    method : {"direct", "pca", "umap", "tsne"}
    service : callable
        Returns the service that computes nonlinear maps.
    units : tuple of two int
        The units shown by a direct map.
    maps : dict of int to Projection
        By step.
    thorough : set of int
        Steps whose map is a thorough one, not a quick one.
    error : LabError or None
        Why the last map failed.
    """

    method: Method
    service: Callable[[], MapService]
    units: tuple[int, int] = (0, 1)
    maps: dict[int, Projection] = field(default_factory=dict)
    thorough: set[int] = field(default_factory=set)
    error: LabError | None = None
    _versions: dict[int, int] = field(default_factory=dict)
    _counter: Iterator[int] = field(default_factory=count)
    _pending: tuple[int, bool, MapRequest] | None = None
    _cancelled: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def progress(self) -> float | None:
        """Completed share of the pending map; None if none is pending."""
        return None if self._pending is None else self._pending[2].progress

    def advance(self, request: TimelineRequest) -> None:
        """Collect the pending map and start the next; called whenever the page is drawn."""
        with self._lock:
            self._collect()
            self._discard_outdated({request.step, *request.frames}, request.step)
            if self.method in LINEAR:
                self._project(request.step, request.codes)
                for each in reversed(request.frames):
                    if each not in self.maps:
                        self._project(each, request.read(each))
            elif self._pending is None:
                self._start_next(request)

    def cancel(self) -> None:
        """Stop the pending map; it is not started again until `retry`."""
        with self._lock:
            if self._pending is not None:
                step, _, request = self._pending
                self.service().cancel(request)
                self._cancelled.add(step)
                self._pending = None

    def retry(self) -> None:
        """Allow maps that were cancelled or failed to be computed again."""
        self._cancelled.clear()
        self.error = None

    @property
    def cancelled(self) -> bool:
        """Whether any map was cancelled or failed."""
        return bool(self._cancelled)

    def frames(self, steps: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the steps that have a map, and the points (steps, n, 2) on their maps."""
        mapped = [step for step in steps if step in self.maps]
        points = [self.maps[step].points for step in mapped]
        return np.array(mapped, np.int32), np.array(points, np.float32)

    def version(self, *steps: int) -> str:
        """Return a text that changes whenever the map of any of these steps does."""
        return " ".join(str(self._versions[step]) for step in steps)

    def _store(self, step: int, projection: Projection) -> None:
        self.maps[step], self._versions[step] = projection, next(self._counter)

    def _collect(self) -> None:
        if self._pending is None or not self._pending[2].done():
            return
        step, thorough, request = self._pending
        self._pending = None
        try:
            self._store(step, request.result())
            self.error = None
            if thorough:
                self.thorough.add(step)
        except LabError as error:
            self.error = error
            self._cancelled.add(step)

    def _discard_outdated(self, needed: Collection[int], step: int) -> None:
        """Discard maps that are no longer needed, except the last, from which the next starts."""
        outdated = sorted(set(self.maps).difference(needed))
        if step in self.maps:
            outdated.append(step)
        for each in outdated[:-1]:
            del self.maps[each]

    def _project(self, step: int, codes: Codes) -> None:
        if step not in self.maps:
            previous = self._nearest(step)
            self._store(step, project(codes, self.method, previous=previous, units=self.units))

    def _start_next(self, wanted: TimelineRequest) -> None:
        """Start the most urgent map: the present step, quick then thorough, then the frames."""
        step, codes, thorough = wanted.step, wanted.codes, False
        if step in self._cancelled:
            return
        if step in self.maps:
            thorough = wanted.paused and step not in self.thorough
            if not thorough:
                done = {*self.maps, *self._cancelled}
                missing = [each for each in wanted.frames if each not in done]
                if not missing:
                    return
                step, codes = missing[-1], wanted.read(missing[-1])
        request = self.service().ask(
            codes, self.method, name=self.method, previous=self._nearest(step), quick=not thorough
        )
        self._pending = step, thorough, request

    def _nearest(self, step: int) -> Projection | None:
        """Return the map nearest in time, which may be that of the step itself."""
        if not self.maps:
            return None
        return self.maps[min(self.maps, key=lambda each: abs(each - step))]
