"""Slow values, computed on a background thread and cached."""

import threading
from collections.abc import Iterator

import pytest

from aecore.errors import LabError
from dashboard.state import background as module
from dashboard.state.background import BackgroundCache
from tests.support import until


@pytest.fixture
def cache(no_thread_left: None) -> Iterator[BackgroundCache]:
    background = BackgroundCache(idle_entries=2)
    yield background
    background.close()


def test_value_is_computed_once_in_the_background(cache: BackgroundCache) -> None:
    gate, calls = threading.Event(), []

    def compute() -> str:
        gate.wait(20)
        calls.append(1)
        return "value"

    assert cache.get("key", compute) is None
    assert cache.get("key", compute) is None
    gate.set()
    until(lambda: cache.get("key", compute) == "value")
    assert cache.get("key", compute) == "value"
    assert calls == [1]


def test_previous_version_is_returned_until_the_next_is_computed(cache: BackgroundCache) -> None:
    gate = threading.Event()

    def slow() -> str:
        gate.wait(20)
        return "second"

    until(lambda: cache.get("key", lambda: "first", 1) == "first")
    assert cache.get("key", slow, 2) == "first"
    gate.set()
    until(lambda: cache.get("key", slow, 2) == "second")


def test_newest_request_is_computed_first(cache: BackgroundCache) -> None:
    gate, order = threading.Event(), []
    cache.get("busy", lambda: gate.wait(20))
    for each in (1, 2, 3):
        cache.get(each, lambda each=each: order.append(each))  # type: ignore[misc]
    gate.set()
    assert cache.wait(20)
    assert order == [3, 2, 1]


def test_value_that_is_always_outdated_does_not_keep_others_waiting(cache: BackgroundCache) -> None:
    gate, order = threading.Event(), []

    def live(step: int) -> None:
        order.append("live")
        if step < 20:
            cache.get("live", lambda: live(step + 1), step + 1)

    cache.get("busy", lambda: gate.wait(20))
    cache.get("other", lambda: order.append("other"))
    cache.get("live", lambda: live(0), 0)
    gate.set()
    assert cache.wait(20)
    assert order == ["live", "live", "other", *["live"] * 19]


def test_abandoned_value_is_computed_only_if_requested_again(cache: BackgroundCache) -> None:
    gate, computed = threading.Event(), []
    cache.get("busy", lambda: gate.wait(20))
    cache.get("abandoned", lambda: computed.append("abandoned"))
    cache._entries["abandoned"].asked_at -= 60
    gate.set()
    cache.get("current", lambda: computed.append("current"))
    assert cache.wait(20)
    assert computed == ["current"]
    cache.get("abandoned", lambda: None)
    until(lambda: computed == ["current", "abandoned"])


def test_idle_values_are_evicted_except_the_most_recent(
    cache: BackgroundCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in range(5):
        until(lambda each=each: cache.get(each, lambda: "value") == "value")  # type: ignore[misc]
    assert len(cache._entries) == 5
    monkeypatch.setattr(module, "WATCHED_SECONDS", -1.0)
    cache._evict()
    assert set(cache._entries) == {3, 4}


def test_errors_are_raised_and_other_values_still_computed(
    cache: BackgroundCache, caplog: pytest.LogCaptureFixture
) -> None:
    def reject() -> None:
        raise LabError("{name} is invalid.", name="x")

    def fail() -> None:
        raise ZeroDivisionError("by zero")

    for key, compute in (("rejected", reject), ("failed", fail)):
        cache.get(key, compute)
    assert cache.wait(20)
    with pytest.raises(LabError, match=r"x is invalid\."):
        cache.get("rejected", reject)
    with pytest.raises(LabError, match="Calculation failed: ZeroDivisionError: by zero"):
        cache.get("failed", fail)
    assert "by zero" in caplog.text
    until(lambda: cache.get("failed", lambda: "recovered", 2) == "recovered")
