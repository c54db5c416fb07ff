"""What takes longer than a page may wait."""

import threading
from collections.abc import Iterator

import pytest

from aecore.errors import LabError
from dashboard.state import background as module
from dashboard.state.background import Later
from tests.support import until


@pytest.fixture
def later(no_thread_left: None) -> Iterator[Later]:
    made = Later(most=2)
    yield made
    made.close()


def test_what_is_asked_for_comes_later_and_stays(later: Later) -> None:
    gate, calls = threading.Event(), []

    def make() -> str:
        gate.wait(20)
        calls.append(1)
        return "made"

    assert later.ask("key", make) is None
    assert later.ask("key", make) is None
    gate.set()
    until(lambda: later.ask("key", make) == "made")
    assert later.ask("key", make) == "made"
    assert calls == [1]


def test_the_last_version_is_returned_until_the_next_is_there(later: Later) -> None:
    gate = threading.Event()

    def slow() -> str:
        gate.wait(20)
        return "second"

    until(lambda: later.ask("key", lambda: "first", 1) == "first")
    assert later.ask("key", slow, 2) == "first"
    gate.set()
    until(lambda: later.ask("key", slow, 2) == "second")


def test_the_newest_wish_is_made_first(later: Later) -> None:
    gate, order = threading.Event(), []
    later.ask("busy", lambda: gate.wait(20))
    for each in (1, 2, 3):
        later.ask(each, lambda each=each: order.append(each))  # type: ignore[misc]
    gate.set()
    assert later.wait(20)
    assert order == [3, 2, 1]


def test_what_nobody_asks_for_any_more_is_not_made_until_it_is_again(later: Later) -> None:
    gate, made = threading.Event(), []
    later.ask("busy", lambda: gate.wait(20))
    later.ask("left", lambda: made.append("left"))
    later._wishes["left"].asked_at -= 60
    gate.set()
    later.ask("looked at", lambda: made.append("looked at"))
    assert later.wait(20)
    assert made == ["looked at"]
    later.ask("left", lambda: None)
    until(lambda: made == ["looked at", "left"])


def test_what_nobody_looks_at_is_forgotten_but_for_the_last(
    later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in range(5):
        until(lambda each=each: later.ask(each, lambda: "made") == "made")  # type: ignore[misc]
    assert len(later._wishes) == 5
    monkeypatch.setattr(module, "LOOKED_AT_SECONDS", -1.0)
    later._forget()
    assert set(later._wishes) == {3, 4}


def test_trouble_is_a_sentence_and_the_rest_goes_on(
    later: Later, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise LabError("{name} cannot be.", name="x")

    def fail() -> None:
        raise ZeroDivisionError("by nought")

    for key, make in (("refused", refuse), ("failed", fail)):
        later.ask(key, make)
    assert later.wait(20)
    with pytest.raises(LabError, match=r"x cannot be\."):
        later.ask("refused", refuse)
    with pytest.raises(LabError, match="could not be computed: ZeroDivisionError: by nought"):
        later.ask("failed", fail)
    assert "by nought" in caplog.text
    until(lambda: later.ask("failed", lambda: "mended", 2) == "mended")
