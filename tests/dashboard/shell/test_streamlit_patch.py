"""Clicks and page changes are not lost, and large elements are sent as references if cached."""

import threading
from collections.abc import Callable

import pytest
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_cache import populate_hash_if_needed
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
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


def test_rerun_of_a_fragment_does_not_change_the_requested_page() -> None:
    assert streamlit_patch.apply()
    requests = ScriptRequests()
    requests.request_rerun(RerunData(page_script_hash="new", query_string="noise=1"))
    tick = RerunData(page_script_hash="old", fragment_id="ticking", is_auto_rerun=True)
    requests.request_rerun(tick)
    requested = requests.on_scriptrunner_ready().rerun_data
    assert (requested.page_script_hash, requested.query_string) == ("new", "noise=1")
    assert not requested.fragment_id_queue


def test_callbacks_are_completed_before_a_requested_rerun(monkeypatch: pytest.MonkeyPatch) -> None:
    assert streamlit_patch.apply()
    assert not config.get_option("runner.fastReruns")
    runner = ScriptRunner.__new__(ScriptRunner)
    runner._script_thread, runner._execing = threading.current_thread(), True
    runner._requests = ScriptRequests()
    runner._requests.request_rerun(RerunData())
    state = SafeSessionState(SessionState(), runner._maybe_handle_execution_control_request)
    runner._session_state = state
    found = []
    monkeypatch.setattr(
        SessionState, "on_script_will_rerun", lambda *_, **__: found.append("key" in state)
    )
    state.on_script_will_rerun(None)
    assert found == [False]
    with pytest.raises(RerunException):
        _ = "key" in state


def test_other_versions_of_streamlit_are_not_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    flush: Callable[[ForwardMsgQueue], list[ForwardMsg]] = ForwardMsgQueue.flush
    warnings: list[str] = []
    monkeypatch.setattr(
        streamlit_patch.LOGGER, "warning", lambda text, *values: warnings.append(text % values)
    )
    assert not streamlit_patch.apply("9.0.0")
    assert "Streamlit 9.0.0" in warnings[0]
    assert ForwardMsgQueue.flush is flush
