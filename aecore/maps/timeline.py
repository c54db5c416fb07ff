"""The maps of a run over its training, each drawn on from the one beside it in time.

Linear maps are made at once, the others by the mapper's process: the newest moment first, then
back through the frames to the beginning, so that a person who waits sees something true.
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
class Wanted:
    """What maps a page wants.

    Attributes
    ----------
    step : int
        The moment looked at.
    codes : ndarray of shape (n, bottleneck)
        At that step.
    rest : bool
        Whether training rests, so that a thorough map of the moment is worth its time.
    frames : sequence of int
        The steps whose maps are wanted beside it, ascending.
    read : callable
        Returns the codes of one of them.
    """

    step: int
    codes: Codes
    rest: bool
    frames: Sequence[int]
    read: Callable[[int], Codes]


@dataclass(eq=False)
class MapTimeline:
    """Maps by one method of one set of images, one for each step of a run.

    All browser tabs share it.

    Attributes
    ----------
    method : {"direct", "pca", "umap", "tsne"}
    units : tuple of two int
        Those a direct map shows.
    maps : dict of int to Projection
        By step.
    thorough : set of int
        The steps whose map is more than a quick one.
    error : LabError or None
        Why the last map could not be made.
    """

    method: Method
    mapper: Callable[[], MapService]
    units: tuple[int, int] = (0, 1)
    maps: dict[int, Projection] = field(default_factory=dict)
    thorough: set[int] = field(default_factory=set)
    error: LabError | None = None
    _numbers: dict[int, int] = field(default_factory=dict)
    _counter: Iterator[int] = field(default_factory=count)
    _asked: tuple[int, bool, MapRequest] | None = None
    _stopped: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def progress(self) -> float | None:
        """The share done of the map under way; None where none is."""
        return None if self._asked is None else self._asked[2].progress

    def advance(self, wanted: Wanted) -> None:
        """Take in what was made and have the next map made; called whenever the page is drawn."""
        with self._lock:
            self._take()
            self._forget({wanted.step, *wanted.frames}, wanted.step)
            if self.method in LINEAR:
                self._draw(wanted.step, wanted.codes)
                for each in reversed(wanted.frames):
                    if each not in self.maps:
                        self._draw(each, wanted.read(each))
            elif self._asked is None:
                self._ask(wanted)

    def cancel(self) -> None:
        """Stop the map under way; it is not begun again by itself."""
        with self._lock:
            if self._asked is not None:
                step, _, request = self._asked
                self.mapper().cancel(request)
                self._stopped.add(step)
                self._asked = None

    def again(self) -> None:
        """Make what was cancelled after all."""
        self._stopped.clear()
        self.error = None

    @property
    def stopped(self) -> bool:
        """Whether something was cancelled."""
        return bool(self._stopped)

    def frames(self, steps: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return those of the steps that have a map, and the points (steps, n, 2) on them."""
        known = [step for step in steps if step in self.maps]
        points = [self.maps[step].points for step in known]
        return np.array(known, np.int32), np.array(points, np.float32)

    def version(self, *steps: int) -> str:
        """Return a text that is another one when any of these steps has another map."""
        return " ".join(str(self._numbers[step]) for step in steps)

    def _keep(self, step: int, made: Projection) -> None:
        self.maps[step], self._numbers[step] = made, next(self._counter)

    def _take(self) -> None:
        if self._asked is None or not self._asked[2].done():
            return
        step, thorough, request = self._asked
        self._asked = None
        try:
            self._keep(step, request.result())
            self.error = None
            if thorough:
                self.thorough.add(step)
        except LabError as why:
            self.error = why
            self._stopped.add(step)

    def _forget(self, wanted: Collection[int], step: int) -> None:
        """Let go of maps of moments that were newest once, but for the last to draw on from."""
        passing = sorted(set(self.maps).difference(wanted))
        if step in self.maps:
            passing.append(step)
        for each in passing[:-1]:
            del self.maps[each]

    def _draw(self, step: int, codes: Codes) -> None:
        if step not in self.maps:
            previous = self._beside(step)
            self._keep(step, project(codes, self.method, previous=previous, units=self.units))

    def _ask(self, wanted: Wanted) -> None:
        """Ask for the map that is wanted most."""
        step, codes, thorough = wanted.step, wanted.codes, False
        if step in self._stopped:
            return
        if step in self.maps:
            thorough = wanted.rest and step not in self.thorough
            if not thorough:
                done = {*self.maps, *self._stopped}
                missing = [each for each in wanted.frames if each not in done]
                if not missing:
                    return
                step, codes = missing[-1], wanted.read(missing[-1])
        request = self.mapper().ask(
            codes, self.method, name=self.method, previous=self._beside(step), quick=not thorough
        )
        self._asked = step, thorough, request

    def _beside(self, step: int) -> Projection | None:
        """Return the map nearest in time, at this step itself if there is one."""
        if not self.maps:
            return None
        return self.maps[min(self.maps, key=lambda each: abs(each - step))]
