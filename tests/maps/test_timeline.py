"""Maps over time, with a mapper that answers when it is told to."""

from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from aecore.errors import LabError
from aecore.maps.projection import Projection, project
from aecore.maps.timeline import MapTimeline, TimelineRequest

STEPS = (1, 2, 4)


def codes(step: int) -> Any:
    """Return codes that drift with the step."""
    rng = np.random.default_rng(0)
    return (rng.normal(size=(40, 5)) + step * 0.1 * rng.normal(size=(40, 5))).astype(np.float32)


class MapRequest(Future[Projection]):
    def __init__(self, codes: Any, method: Any, **how: Any) -> None:
        super().__init__()
        self.codes, self.method, self.how = codes, method, how
        self.progress = 0.25

    def answer(self) -> None:
        made = project(self.codes, "pca", previous=self.how["previous"])
        self.set_result(Projection(self.method, made.points, made.codes))


class MapService:
    """Stands where `aecore.maps.service.MapService` does."""

    def __init__(self) -> None:
        self.asked: list[MapRequest] = []
        self.cancelled: list[MapRequest] = []

    def ask(self, codes: Any, method: Any, **how: Any) -> MapRequest:
        self.asked.append(MapRequest(codes, method, **how))
        return self.asked[-1]

    def cancel(self, request: MapRequest) -> None:
        self.cancelled.append(request)


@pytest.fixture
def mapper() -> MapService:
    return MapService()


@pytest.fixture
def umap(mapper: MapService) -> MapTimeline:
    made: Any = mapper
    return MapTimeline("umap", lambda: made)


def advance(timeline: MapTimeline, step: int, *, rest: bool = False, frames: Any = STEPS) -> None:
    timeline.advance(TimelineRequest(step, codes(step), rest, frames, codes))


def test_linear_maps_are_there_at_once_and_do_not_spin() -> None:
    timeline = MapTimeline("pca", lambda: pytest.fail("no mapper is needed"))
    advance(timeline, 8)
    steps, points = timeline.frames((*STEPS, 8))
    assert steps.tolist() == [1, 2, 4, 8]
    assert points.shape == (4, 40, 2)
    size = np.ptp(points, axis=1).max()
    moved = np.abs(np.diff(points, axis=0)).mean()
    assert moved < 0.1 * size
    assert timeline.progress is None


def test_the_moment_looked_at_comes_first_then_the_frames_back_in_time(
    umap: MapTimeline, mapper: MapService
) -> None:
    advance(umap, 8)
    assert umap.maps == {}
    assert umap.progress == 0.25
    advance(umap, 8)
    assert len(mapper.asked) == 1
    for _ in range(3):
        mapper.asked[-1].answer()
        advance(umap, 8)
    mapper.asked[-1].answer()
    advance(umap, 8)
    assert [request.how["quick"] for request in mapper.asked] == [True] * 4
    order = [
        next(s for s in (*STEPS, 8) if np.array_equal(r.codes, codes(s))) for r in mapper.asked
    ]
    assert order == [8, 4, 2, 1]
    assert mapper.asked[1].how["previous"] is umap.maps[8]
    assert mapper.asked[2].how["previous"] is umap.maps[4]
    assert umap.frames(STEPS)[0].tolist() == list(STEPS)
    assert umap.progress is None


def test_a_thorough_map_takes_the_place_of_the_quick_one_while_training_rests(
    umap: MapTimeline, mapper: MapService
) -> None:
    advance(umap, 8, rest=True, frames=())
    mapper.asked[-1].answer()
    advance(umap, 8, rest=True, frames=())
    quick = umap.maps[8]
    assert [request.how["quick"] for request in mapper.asked] == [True, False]
    mapper.asked[-1].answer()
    advance(umap, 8, rest=True, frames=())
    assert umap.thorough == {8}
    assert umap.maps[8] is not quick
    assert len(mapper.asked) == 2


def test_a_map_that_was_stopped_is_made_only_on_demand(
    umap: MapTimeline, mapper: MapService
) -> None:
    advance(umap, 8)
    umap.cancel()
    assert mapper.cancelled == mapper.asked
    advance(umap, 8)
    assert umap.cancelled
    assert len(mapper.asked) == 1
    umap.retry()
    advance(umap, 8)
    assert len(mapper.asked) == 2


def test_why_a_map_cannot_be_made_is_kept(umap: MapTimeline, mapper: MapService) -> None:
    advance(umap, 8)
    mapper.asked[-1].set_exception(LabError("Too few."))
    advance(umap, 8)
    assert str(umap.error) == "Too few."
    assert len(mapper.asked) == 1


def test_moments_that_passed_without_a_frame_are_forgotten() -> None:
    timeline = MapTimeline("pca", lambda: pytest.fail("no mapper is needed"))
    for step in range(5, 50):
        advance(timeline, step)
    # The one before is what the next is drawn on from.
    assert set(timeline.maps) == {*STEPS, 48, 49}
