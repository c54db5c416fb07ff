"""Maps over time, with a fake map service that answers on demand."""

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


class FakeMapRequest(Future[Projection]):
    def __init__(self, codes: Any, method: Any, **options: Any) -> None:
        super().__init__()
        self.codes, self.method, self.options = codes, method, options
        self.progress = 0.25

    def answer(self) -> None:
        projection = project(self.codes, "pca", previous=self.options["previous"])
        self.set_result(Projection(self.method, projection.points, projection.codes))


class FakeMapService:
    """A stand-in for `aecore.maps.service.MapService` that records its requests."""

    def __init__(self) -> None:
        self.requests: list[FakeMapRequest] = []
        self.cancelled: list[FakeMapRequest] = []

    def ask(self, codes: Any, method: Any, **options: Any) -> FakeMapRequest:
        self.requests.append(FakeMapRequest(codes, method, **options))
        return self.requests[-1]

    def cancel(self, request: FakeMapRequest) -> None:
        self.cancelled.append(request)


@pytest.fixture
def service() -> FakeMapService:
    return FakeMapService()


@pytest.fixture
def umap_timeline(service: FakeMapService) -> MapTimeline:
    untyped: Any = service
    return MapTimeline("umap", lambda: untyped)


def advance(timeline: MapTimeline, step: int, *, rest: bool = False, frames: Any = STEPS) -> None:
    timeline.advance(TimelineRequest(step, codes(step), rest, frames, codes))


def test_linear_maps_are_available_immediately_and_do_not_rotate() -> None:
    timeline = MapTimeline("pca", lambda: pytest.fail("no service is needed"))
    advance(timeline, 8)
    steps, points = timeline.frames((*STEPS, 8))
    assert steps.tolist() == [1, 2, 4, 8]
    assert points.shape == (4, 40, 2)
    size = np.ptp(points, axis=1).max()
    moved = np.abs(np.diff(points, axis=0)).mean()
    assert moved < 0.1 * size
    assert timeline.progress is None


def test_current_step_is_mapped_first_then_the_frames_backwards(
    umap_timeline: MapTimeline, service: FakeMapService
) -> None:
    advance(umap_timeline, 8)
    assert umap_timeline.maps == {}
    assert umap_timeline.progress == 0.25
    advance(umap_timeline, 8)
    assert len(service.requests) == 1
    for _ in range(3):
        service.requests[-1].answer()
        advance(umap_timeline, 8)
    service.requests[-1].answer()
    advance(umap_timeline, 8)
    assert [request.options["quick"] for request in service.requests] == [True] * 4
    order = [
        next(s for s in (*STEPS, 8) if np.array_equal(r.codes, codes(s))) for r in service.requests
    ]
    assert order == [8, 4, 2, 1]
    assert service.requests[1].options["previous"] is umap_timeline.maps[8]
    assert service.requests[2].options["previous"] is umap_timeline.maps[4]
    assert umap_timeline.frames(STEPS)[0].tolist() == list(STEPS)
    assert umap_timeline.progress is None


def test_thorough_map_replaces_the_quick_one_while_paused(
    umap_timeline: MapTimeline, service: FakeMapService
) -> None:
    advance(umap_timeline, 8, rest=True, frames=())
    service.requests[-1].answer()
    advance(umap_timeline, 8, rest=True, frames=())
    quick = umap_timeline.maps[8]
    assert [request.options["quick"] for request in service.requests] == [True, False]
    service.requests[-1].answer()
    advance(umap_timeline, 8, rest=True, frames=())
    assert umap_timeline.thorough == {8}
    assert umap_timeline.maps[8] is not quick
    assert len(service.requests) == 2


def test_cancelled_map_is_computed_only_after_retry(
    umap_timeline: MapTimeline, service: FakeMapService
) -> None:
    advance(umap_timeline, 8)
    umap_timeline.cancel()
    assert service.cancelled == service.requests
    advance(umap_timeline, 8)
    assert umap_timeline.cancelled
    assert len(service.requests) == 1
    umap_timeline.retry()
    advance(umap_timeline, 8)
    assert len(service.requests) == 2


def test_error_of_a_map_is_kept(umap_timeline: MapTimeline, service: FakeMapService) -> None:
    advance(umap_timeline, 8)
    service.requests[-1].set_exception(LabError("Too few."))
    advance(umap_timeline, 8)
    assert str(umap_timeline.error) == "Too few."
    assert len(service.requests) == 1


def test_maps_of_past_steps_without_a_frame_are_discarded() -> None:
    timeline = MapTimeline("pca", lambda: pytest.fail("no service is needed"))
    for step in range(5, 50):
        advance(timeline, step)
    # The previous map is kept, because the next one starts from it.
    assert set(timeline.maps) == {*STEPS, 48, 49}
