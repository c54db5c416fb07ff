from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue

from dashboard.shell import streamlit_patch


def block(path: list[int], fragment: str = "") -> ForwardMsg:
    message = ForwardMsg()
    message.metadata.delta_path.extend(path)
    message.delta.add_block.allow_empty = True
    message.delta.fragment_id = fragment
    return message


def reference(path: list[int]) -> ForwardMsg:
    message = ForwardMsg(ref_hash=f"hash {path}")
    message.metadata.delta_path.extend(path)
    return message


def paths(queue: ForwardMsgQueue) -> list[list[int]]:
    return [list(each.metadata.delta_path) for each in queue.flush()]


def filled() -> ForwardMsgQueue:
    queue = ForwardMsgQueue()
    for message in (
        block([0, 0]),
        reference([0, 1]),
        block([0, 2], "ticking"),
        reference([0, 2, 0]),
        block([0, 3], "resting"),
        reference([0, 3, 0]),
    ):
        queue.enqueue(message)
    return queue


def test_references_are_withdrawn_with_their_fragment_and_no_others() -> None:
    streamlit_patch.mend()
    queue = filled()
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["ticking"])
    assert paths(queue) == [[0, 0], [0, 1], [0, 3], [0, 3, 0]]


def test_a_whole_run_withdraws_all_as_before() -> None:
    streamlit_patch.mend()
    queue = filled()
    queue.clear(retain_lifecycle_msgs=True)
    assert paths(queue) == []
