"""Large elements become references when they are sent, and only while the browser keeps them."""

from collections.abc import Callable

import pytest
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import populate_hash_if_needed
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.version import STREAMLIT_VERSION_STRING

from dashboard.shell import streamlit_patch
from dashboard.shell.streamlit_patch import VERSIONS, BrowserCache

AGE = int(config.get_option("global.maxCachedMessageAge"))

pytestmark = pytest.mark.skipif(
    not STREAMLIT_VERSION_STRING.startswith(VERSIONS),
    reason=f"Streamlit {STREAMLIT_VERSION_STRING}: see whether streamlit_patch.py is still needed",
)


def block(path: list[int], fragment: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path.extend(path)
    message.delta.add_block.allow_empty = True
    message.delta.fragment_id = fragment
    return message


def large(text: str, fragment: str = "", path: tuple[int, ...] = (0, 0)) -> ForwardMsg:
    """Return an element that browsers keep."""
    message = ForwardMsg()
    message.delta.new_element.markdown.body = text * 20_000
    message.delta.fragment_id = fragment
    message.metadata.delta_path.extend(path)
    populate_hash_if_needed(message)
    assert message.metadata.cacheable
    return message


def finished(*fragments: str, early: bool = False) -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.run.script_run_id = "run"
    message.metadata.run.fragment_ids.extend(fragments)
    message.script_finished = (
        ForwardMsg.FINISHED_EARLY_FOR_RERUN if early else ForwardMsg.FINISHED_SUCCESSFULLY
    )
    return message


@pytest.fixture
def browser() -> BrowserCache:
    """Give a browser that keeps an element x of the page and an element f of a fragment F."""
    found = BrowserCache()
    for message in (large("x"), large("f", "F")):
        assert found.shorten(message) is message
    found.reported = frozenset({large("x").hash, large("f", "F").hash})
    return found


def is_reference(message: ForwardMsg) -> bool:
    return message.WhichOneof("type") == "ref_hash"


def test_what_is_kept_becomes_a_reference_to_the_same_place(browser: BrowserCache) -> None:
    sent = browser.shorten(large("x", path=(0, 3, 1)))
    assert sent.ref_hash == large("x").hash
    assert list(sent.metadata.delta_path) == [0, 3, 1]
    assert not is_reference(browser.shorten(large("y")))


def test_what_the_browser_does_not_report_is_sent_whole(browser: BrowserCache) -> None:
    browser.reported = frozenset()
    assert not is_reference(browser.shorten(large("x")))


def test_what_was_never_sent_here_is_sent_whole_whatever_the_browser_reports() -> None:
    browser = BrowserCache()
    browser.reported = frozenset({large("x").hash})
    assert not is_reference(browser.shorten(large("x")))


def test_what_runs_have_not_used_is_sent_whole_though_it_was_reported(
    browser: BrowserCache,
) -> None:
    for _ in range(AGE):
        browser.shorten(finished())
    assert is_reference(browser.shorten(large("x")))
    for _ in range(AGE + 1):
        browser.shorten(finished())
    assert not is_reference(browser.shorten(large("x")))


def test_a_run_of_a_fragment_forgets_only_its_own(browser: BrowserCache) -> None:
    for _ in range(AGE + 1):
        browser.shorten(finished("F"))
    assert not is_reference(browser.shorten(large("f", "F")))
    assert is_reference(browser.shorten(large("x")))


def test_a_run_that_was_overtaken_forgets_nothing(browser: BrowserCache) -> None:
    for _ in range(AGE + 1):
        browser.shorten(finished(early=True))
    assert is_reference(browser.shorten(large("x")))


@pytest.fixture
def queue() -> ForwardMsgQueue:
    """Give the messages of a page and of two fragments in it, all of them waiting."""
    assert streamlit_patch.apply()
    waiting = ForwardMsgQueue()
    for message in (
        block([0, 0]),
        large("x", path=(0, 1)),
        block([0, 2], "ticking"),
        large("t", "ticking", (0, 2, 0)),
        block([0, 3], "resting"),
        large("r", "resting", (0, 3, 0)),
    ):
        waiting.enqueue(message)
    return waiting


def paths(queue: ForwardMsgQueue) -> list[list[int]]:
    return [list(each.metadata.delta_path) for each in queue.flush()]


def test_large_elements_are_withdrawn_with_their_fragment(queue: ForwardMsgQueue) -> None:
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["ticking"])
    assert paths(queue) == [[0, 0], [0, 1], [0, 3], [0, 3, 0]]


def test_a_whole_run_withdraws_all(queue: ForwardMsgQueue) -> None:
    queue.clear(retain_lifecycle_msgs=True)
    assert paths(queue) == []


def test_another_version_of_streamlit_is_left_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flush: Callable[[ForwardMsgQueue], list[ForwardMsg]] = ForwardMsgQueue.flush
    said: list[str] = []
    monkeypatch.setattr(
        streamlit_patch.LOGGER, "warning", lambda text, *values: said.append(text % values)
    )
    assert not streamlit_patch.apply("9.0.0")
    assert "Streamlit 9.0.0" in said[0]
    assert ForwardMsgQueue.flush is flush
