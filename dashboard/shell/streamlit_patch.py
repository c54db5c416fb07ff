"""Patch bugs of Streamlit 1.67 that lose clicks and page changes, or leave a blank page.

References. The browser caches large elements for some reruns, and Streamlit then sends a reference
instead of the element. It decides so when the script creates the element, from what the browser
last reported as cached. Two things can go wrong before the reference arrives:

- A rerun ends in the meantime and the browser evicts the element ("Cached ForwardMsg MISS"), after
  which it handles no further messages.
- A fragment reruns before its previous output was sent, and Streamlit discards the messages of that
  fragment still in the queue. A reference does not name its fragment, so it stays in the queue and
  arrives before its container ("Bad delta path index"), which crashes the page.

With this patch, elements are queued whole and replaced by references only when they are sent,
according to a record of the browser's cache that is updated in the order of the messages.

Reruns. By default (``runner.fastReruns``) a rerun gets a new thread while that of the last one is
still running, and both change the session state: the thread that ends removes widgets that the
other has just created, or fails with "dictionary changed size during iteration". Without fast
reruns there is one thread, and pending requests are merged. Then two things are still lost:

- What a callback was to do: it is interrupted as soon as it touches the session state while another
  rerun is requested, or before it was called. With this patch, callbacks are never interrupted.
- A page change, if a fragment of the old page requests its periodic rerun before the new page was
  started: the later request decides which page is shown. With this patch, a fragment does not.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from streamlit import config
from streamlit.logger import get_logger
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_cache import create_reference_msg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils import script_run_context
from streamlit.runtime.scriptrunner_utils.script_requests import (
    RerunData,
    ScriptRequests,
    ScriptRequestType,
)
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.version import STREAMLIT_VERSION_STRING

LOGGER = get_logger(__name__)
VERSIONS = ("1.67.",)
"""Prefixes of the versions known to have the bugs."""


class BrowserCache:
    """The server's record of the elements that a browser has cached.

    It may drop an element earlier than the browser does, but never later.

    Attributes
    ----------
    reported : frozenset of str
        Hashes of the elements that the browser reported as cached when it last requested a rerun;
        elements lost in transit are not among them.
    """

    def __init__(self) -> None:
        self.reported: frozenset[str] = frozenset()
        self._runs = 0
        # By hash: the number of the run in which it was last sent, and its fragment.
        self._sent: dict[str, tuple[int, str]] = {}

    def shorten(self, message: ForwardMsg) -> ForwardMsg:
        """Return the message to send: the given one, or a reference if the browser has it."""
        if message.WhichOneof("type") == "script_finished":
            self._end_run(message)
        if not message.metadata.cacheable:
            return message
        is_cached = message.hash in self._sent and message.hash in self.reported
        self._sent[message.hash] = self._runs, message.delta.fragment_id
        return create_reference_msg(message) if is_cached else message

    def _end_run(self, message: ForwardMsg) -> None:
        """Drop what the browser evicts when a run ends; of a fragment run, only its fragments."""
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._runs += 1
        oldest = self._runs - int(config.get_option("global.maxCachedMessageAge"))
        fragments = message.metadata.run.fragment_ids
        self._sent = {
            key: (run, fragment)
            for key, (run, fragment) in self._sent.items()
            if run >= oldest or (fragments and fragment not in fragments)
        }


@cache
def apply(version: str = STREAMLIT_VERSION_STRING) -> bool:
    """Patch Streamlit; once per server.

    Returns
    -------
    bool
        Whether the patch was applied; versions not known to need it are left alone.
    """
    if not version.startswith(VERSIONS):
        LOGGER.warning(
            "Streamlit %s: see whether dashboard/shell/streamlit_patch.py is still needed.", version
        )
        return False
    _create_references_when_sent()
    config.set_option("runner.fastReruns", False)
    _complete_callbacks()
    _keep_requested_page()
    return True


def _create_references_when_sent() -> None:
    caches: WeakKeyDictionary[ForwardMsgQueue, BrowserCache] = WeakKeyDictionary()
    flush: Callable[[ForwardMsgQueue], list[ForwardMsg]] = ForwardMsgQueue.flush
    request: Callable[[AppSession, ClientState | None], None] = AppSession.request_rerun

    def flush_shortened(self: ForwardMsgQueue) -> list[ForwardMsg]:
        browser = caches.setdefault(self, BrowserCache())
        return [browser.shorten(message) for message in flush(self)]

    def request_and_record(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None:
            browser = caches.setdefault(self._browser_queue, BrowserCache())
            browser.reported = frozenset(client_state.cached_message_hashes)
        request(self, client_state)

    ForwardMsgQueue.flush = flush_shortened  # type: ignore[method-assign]
    AppSession.request_rerun = request_and_record  # type: ignore[method-assign]
    script_run_context.create_reference_msg = lambda msg: msg  # type: ignore[attr-defined]


def _complete_callbacks() -> None:
    """Have a rerun wait until the callbacks of the last one are done."""
    calling: WeakSet[SafeSessionState] = WeakSet()
    call: Callable[..., None] = SafeSessionState.on_script_will_rerun
    check: Callable[[ScriptRunner], None] = ScriptRunner._maybe_handle_execution_control_request

    def call_without_interruption(self: SafeSessionState, *args: Any, **options: Any) -> None:
        calling.add(self)
        try:
            call(self, *args, **options)
        finally:
            calling.discard(self)

    def check_unless_calling(self: ScriptRunner) -> None:
        if self._session_state not in calling:
            check(self)

    SafeSessionState.on_script_will_rerun = call_without_interruption  # type: ignore[method-assign]
    ScriptRunner._maybe_handle_execution_control_request = check_unless_calling  # type: ignore[method-assign]


def _keep_requested_page() -> None:
    """Have a fragment rerun on the page that is shown or was requested, whatever it says."""
    request: Callable[[ScriptRequests, RerunData], bool] = ScriptRequests.request_rerun
    run: Callable[[ScriptRunner, RerunData], None] = ScriptRunner._run_script

    def request_on_pending_page(self: ScriptRequests, new_data: RerunData) -> bool:
        pending = self._rerun_data
        if new_data.fragment_id and self._state is ScriptRequestType.RERUN:
            new_data = _on_page(new_data, pending.page_script_hash, pending.query_string)
        return request(self, new_data)

    def run_on_current_page(self: ScriptRunner, rerun_data: RerunData) -> None:
        current = self._get_script_run_ctx()
        if rerun_data.fragment_id_queue and current.page_script_hash:
            rerun_data = _on_page(rerun_data, current.page_script_hash, current.query_string)
        run(self, rerun_data)

    ScriptRequests.request_rerun = request_on_pending_page  # type: ignore[method-assign]
    ScriptRunner._run_script = run_on_current_page  # type: ignore[method-assign]


def _on_page(data: RerunData, page: str, query: str) -> RerunData:
    if data.page_script_hash == page:
        return data
    return replace(data, page_script_hash=page, page_name="", query_string=query)
