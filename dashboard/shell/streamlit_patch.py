"""A fault of Streamlit (seen in 1.67) mended: a fragment run anew could leave a white page.

When a fragment is run again before the browser has got all of its last run, Streamlit withdraws
what waits of that run, but not the references to large elements that the browser keeps. Such a
reference may then come before the container it belongs to, on which the page breaks down.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue


@cache
def mend() -> None:
    """Have references withdrawn with the run they belong to; once for the server."""
    withdraw = ForwardMsgQueue.clear

    def clear(
        self: Any,
        retain_lifecycle_msgs: bool = False,
        fragment_ids_this_run: list[str] | None = None,
    ) -> None:
        orphans = _references(self._queue, fragment_ids_this_run or ())
        withdraw(self, retain_lifecycle_msgs, fragment_ids_this_run)
        self._queue = [each for each in self._queue if id(each) not in orphans]

    ForwardMsgQueue.clear = clear  # type: ignore[method-assign]


def _references(waiting: list[ForwardMsg], fragments: Collection[str]) -> set[int]:
    """Return which messages are references of these fragments: those that follow their elements."""
    found, owner = set(), ""
    for each in waiting:
        if each.HasField("delta"):
            owner = each.delta.fragment_id
        elif each.HasField("ref_hash") and owner in fragments:
            found.add(id(each))
    return found
