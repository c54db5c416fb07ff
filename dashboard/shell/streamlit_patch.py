"""Two faults of Streamlit 1.67, mended: quick changes could leave a white or a dead page.

The browser keeps large elements for some runs, and Streamlit then sends a reference instead of
the element. It decides that when the script makes the element, from what the browser last said it
keeps. Two things can go wrong until the reference arrives:

- A run that ends meanwhile lets the browser drop what it has not used for long ("Cached ForwardMsg
  MISS"), after which it takes no further message.
- A fragment is run again before all of its last run was sent, and Streamlit withdraws what still
  waits of that; but a reference does not tell which fragment it belongs to. It stays, and arrives
  before its container ("Bad delta path index"), at which the page breaks down.

Here elements wait whole, and become references only when they are sent, by a record of what the
browser keeps that follows the messages in the order in which the browser gets them.
"""

from collections.abc import Callable
from functools import cache
from weakref import WeakKeyDictionary

from streamlit import config
from streamlit.logger import get_logger
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_cache import create_reference_msg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils import script_run_context
from streamlit.version import STREAMLIT_VERSION_STRING

LOGGER = get_logger(__name__)
VERSIONS = ("1.67.",)
"""Versions in which the faults were seen."""


class BrowserCache:
    """A record of the elements that a browser keeps, as the server knows it.

    It may forget an element before the browser does, but never after.

    Attributes
    ----------
    reported : frozenset of str
        Hashes of the elements that the browser said it keeps when it last asked for a run. What
        was lost on the way to it is not among them.
    """

    def __init__(self) -> None:
        self.reported: frozenset[str] = frozenset()
        self._runs = 0
        # By hash: after how many runs it was last sent, and the fragment it belongs to.
        self._kept: dict[str, tuple[int, str]] = {}

    def shorten(self, message: ForwardMsg) -> ForwardMsg:
        """Return what to send for the next message: itself, or a reference to what is kept."""
        if message.WhichOneof("type") == "script_finished":
            self._end_run(message)
        if not message.metadata.cacheable:
            return message
        is_kept = message.hash in self._kept and message.hash in self.reported
        self._kept[message.hash] = self._runs, message.delta.fragment_id
        return create_reference_msg(message) if is_kept else message

    def _end_run(self, message: ForwardMsg) -> None:
        """Forget what the browser forgets when a run ends; one of fragments forgets only theirs."""
        if message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return
        self._runs += 1
        oldest = self._runs - int(config.get_option("global.maxCachedMessageAge"))
        fragments = message.metadata.run.fragment_ids
        self._kept = {
            key: (run, fragment)
            for key, (run, fragment) in self._kept.items()
            if run >= oldest or (fragments and fragment not in fragments)
        }


@cache
def mend(version: str = STREAMLIT_VERSION_STRING) -> bool:
    """Have references made when messages are sent; once for the server.

    Returns
    -------
    bool
        Whether this version of Streamlit is known to need it; others are left as they are.
    """
    if not version.startswith(VERSIONS):
        LOGGER.warning(
            "Streamlit %s: see whether dashboard/shell/streamlit_patch.py is still needed.", version
        )
        return False
    caches: WeakKeyDictionary[ForwardMsgQueue, BrowserCache] = WeakKeyDictionary()
    flush: Callable[[ForwardMsgQueue], list[ForwardMsg]] = ForwardMsgQueue.flush
    request: Callable[[AppSession, ClientState | None], None] = AppSession.request_rerun

    def shortened(self: ForwardMsgQueue) -> list[ForwardMsg]:
        browser = caches.setdefault(self, BrowserCache())
        return [browser.shorten(message) for message in flush(self)]

    def reported(self: AppSession, client_state: ClientState | None) -> None:
        if client_state is not None:
            browser = caches.setdefault(self._browser_queue, BrowserCache())
            browser.reported = frozenset(client_state.cached_message_hashes)
        request(self, client_state)

    ForwardMsgQueue.flush = shortened  # type: ignore[method-assign]
    AppSession.request_rerun = reported  # type: ignore[method-assign]
    script_run_context.create_reference_msg = lambda msg: msg  # type: ignore[attr-defined]
    return True
