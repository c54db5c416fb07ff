"""What takes longer than a page may wait."""

import threading
from collections.abc import Iterator

import pytest

from aecore.errors import LabError
from dashboard.state import background as module
from dashboard.state.background import BackgroundCache
from tests.support import until


@pytest.fixture
def cache(no_thread_left: None) -> Iterator[BackgroundCache]:
    made = BackgroundCache(idle_entries=2)
    yield made
    made.close()


def test_what_is_asked_for_comes_later_and_stays(cache: BackgroundCache) -> None:
    gate, calls = threading.Event(), []

    def make() -> str:
        gate.wait(20)
        calls.append(1)
        return "made"

    assert cache.get("key", make) is None
    assert cache.get("key", make) is None
    gate.set()
    until(lambda: cache.get("key", make) == "made")
    assert cache.get("key", make) == "made"
    assert calls == [1]


def test_the_last_version_is_returned_until_the_next_is_there(cache: BackgroundCache) -> None:
    gate = threading.Event()

    def slow() -> str:
        gate.wait(20)
        return "second"

    until(lambda: cache.get("key", lambda: "first", 1) == "first")
    assert cache.get("key", slow, 2) == "first"
    gate.set()
    until(lambda: cache.get("key", slow, 2) == "second")


def test_the_newest_wish_is_made_first(cache: BackgroundCache) -> None:
    gate, order = threading.Event(), []
    cache.get("busy", lambda: gate.wait(20))
    for each in (1, 2, 3):
        cache.get(each, lambda each=each: order.append(each))  # type: ignore[misc]
    gate.set()
    assert cache.wait(20)
    assert order == [3, 2, 1]


def test_what_nobody_asks_for_any_more_is_not_made_until_it_is_again(
    cache: BackgroundCache,
) -> None:
    gate, made = threading.Event(), []
    cache.get("busy", lambda: gate.wait(20))
    cache.get("left", lambda: made.append("left"))
    cache._entries["left"].asked_at -= 60
    gate.set()
    cache.get("looked at", lambda: made.append("looked at"))
    assert cache.wait(20)
    assert made == ["looked at"]
    cache.get("left", lambda: None)
    until(lambda: made == ["looked at", "left"])


def test_what_nobody_looks_at_is_forgotten_but_for_the_last(
    cache: BackgroundCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in range(5):
        until(lambda each=each: cache.get(each, lambda: "made") == "made")  # type: ignore[misc]
    assert len(cache._entries) == 5
    monkeypatch.setattr(module, "WATCHED_SECONDS", -1.0)
    cache._evict()
    assert set(cache._entries) == {3, 4}


def test_trouble_is_a_sentence_and_the_rest_goes_on(
    cache: BackgroundCache, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise LabError("{name} cannot be.", name="x")

    def fail() -> None:
        raise ZeroDivisionError("by nought")

    for key, make in (("refused", refuse), ("failed", fail)):
        cache.get(key, make)
    assert cache.wait(20)
    with pytest.raises(LabError, match=r"x cannot be\."):
        cache.get("refused", refuse)
    with pytest.raises(LabError, match="Calculation failed: ZeroDivisionError: by nought"):
        cache.get("failed", fail)
    assert "by nought" in caplog.text
    until(lambda: cache.get("failed", lambda: "mended", 2) == "mended")
