"""Large elements are sent as references, but only while the browser has them cached."""

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
    """Return an element large enough for browsers to cache."""
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
    """Return the record of a browser that caches x from the page and f from a fragment F."""
    cache = BrowserCache()
    for message in (large("x"), large("f", "F")):
        assert cache.shorten(message) is message
    cache.reported = frozenset({large("x").hash, large("f", "F").hash})
    return cache


def is_reference(message: ForwardMsg) -> bool:
    return message.WhichOneof("type") == "ref_hash"


def test_cached_element_is_sent_as_a_reference_to_its_place(browser: BrowserCache) -> None:
    sent = browser.shorten(large("x", path=(0, 3, 1)))
    assert sent.ref_hash == large("x").hash
    assert list(sent.metadata.delta_path) == [0, 3, 1]
    assert not is_reference(browser.shorten(large("y")))


def test_element_the_browser_does_not_report_is_sent_in_full(browser: BrowserCache) -> None:
    browser.reported = frozenset()
    assert not is_reference(browser.shorten(large("x")))


def test_element_never_sent_before_is_sent_in_full_even_if_reported() -> None:
    browser = BrowserCache()
    browser.reported = frozenset({large("x").hash})
    assert not is_reference(browser.shorten(large("x")))


def test_expired_element_is_sent_in_full_even_if_reported(browser: BrowserCache) -> None:
    for _ in range(AGE):
        browser.shorten(finished())
    assert is_reference(browser.shorten(large("x")))
    for _ in range(AGE + 1):
        browser.shorten(finished())
    assert not is_reference(browser.shorten(large("x")))


def test_fragment_run_expires_only_its_own_elements(browser: BrowserCache) -> None:
    for _ in range(AGE + 1):
        browser.shorten(finished("F"))
    assert not is_reference(browser.shorten(large("f", "F")))
    assert is_reference(browser.shorten(large("x")))


def test_run_ended_early_by_a_rerun_expires_nothing(browser: BrowserCache) -> None:
    for _ in range(AGE + 1):
        browser.shorten(finished(early=True))
    assert is_reference(browser.shorten(large("x")))


@pytest.fixture
def queue() -> ForwardMsgQueue:
    """Return a queue with the messages of a page and of two fragments in it."""
    assert streamlit_patch.apply()
    messages = ForwardMsgQueue()
    for message in (
        block([0, 0]),
        large("x", path=(0, 1)),
        block([0, 2], "ticking"),
        large("t", "ticking", (0, 2, 0)),
        block([0, 3], "resting"),
        large("r", "resting", (0, 3, 0)),
    ):
        messages.enqueue(message)
    return messages


def paths(queue: ForwardMsgQueue) -> list[list[int]]:
    return [list(each.metadata.delta_path) for each in queue.flush()]


def test_large_elements_are_cleared_with_their_fragment(queue: ForwardMsgQueue) -> None:
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["ticking"])
    assert paths(queue) == [[0, 0], [0, 1], [0, 3], [0, 3, 0]]


def test_full_run_clears_all_elements(queue: ForwardMsgQueue) -> None:
    queue.clear(retain_lifecycle_msgs=True)
    assert paths(queue) == []


def test_other_versions_of_streamlit_are_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    flush: Callable[[ForwardMsgQueue], list[ForwardMsg]] = ForwardMsgQueue.flush
    warnings: list[str] = []
    monkeypatch.setattr(
        streamlit_patch.LOGGER, "warning", lambda text, *values: warnings.append(text % values)
    )
    assert not streamlit_patch.apply("9.0.0")
    assert "Streamlit 9.0.0" in warnings[0]
    assert ForwardMsgQueue.flush is flush
