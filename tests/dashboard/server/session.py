"""A browser tab without a browser: it opens pages over a websocket, and reads their elements."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPMessage
from typing import NamedTuple

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.browser.server import TIMEOUT, Server
from tests.support import until

QUICK = "hidden=16&batch_size=128"


class Session:
    """A session with the dashboard.

    Attributes
    ----------
    elements : list of Element
        Those that the last run of the script drew.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._fragment = ""
        self.elements: list[Element] = []

    def open(self, page: str = "") -> None:
        """Open a page by the last part of its URL, and wait until it is drawn."""
        self._rerun(ClientState(page_name=page, query_string=QUICK))

    def click(self, label: str) -> None:
        """Click a button, and wait until the page is drawn again."""
        (button,) = (each.button for each in self.elements if each.button.label == label)
        state = ClientState(query_string=QUICK)
        state.widget_states.widgets.add(id=button.id, trigger_value=True)
        self._rerun(state)

    def rerun_fragment(self) -> None:
        """Let the last fragment be drawn again, as it is periodically."""
        self._rerun(ClientState(query_string=QUICK, fragment_id=self._fragment))

    @property
    def errors(self) -> list[str]:
        """The errors that the page shows, as sentences and as Streamlit does."""
        alerts = (each.alert for each in self.elements if each.alert.format == Alert.ERROR)
        exceptions = (each.exception for each in self.elements if each.HasField("exception"))
        return [*(each.body for each in alerts), *(each.message for each in exceptions)]

    def _rerun(self, state: ClientState) -> None:
        self._connection.send(BackMsg(rerun_script=state).SerializeToString())
        self.elements = []
        while True:
            message = ForwardMsg.FromString(self._connection.recv(TIMEOUT, decode=False))
            if message.WhichOneof("type") == "script_finished":
                return
            if message.delta.HasField("new_element"):
                self.elements.append(message.delta.new_element)
                self._fragment = message.delta.fragment_id or self._fragment


@contextmanager
def connected(server: Server) -> Iterator[Session]:
    """Provide a session with a server, as its own page has one."""
    address = f"ws://localhost:{server.port}/_stcore/stream"
    protocols = [Subprotocol("streamlit")]
    with connect(
        address, origin=Origin(server.url), subprotocols=protocols, max_size=None
    ) as connection:
        yield Session(connection)


def wait_until_reachable(server: Server) -> None:
    def reachable() -> bool:
        assert server.running
        return server.is_reachable

    until(reachable, TIMEOUT)


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str


def get(server: Server, path: str, **headers: str) -> Answer:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))


def handshake(server: Server, **headers: str) -> int:
    """Ask for a websocket with some headers, and return the status of the answer."""
    request = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **headers,
    }
    lines = ["GET /_stcore/stream HTTP/1.1", *(f"{name}: {request[name]}" for name in request)]
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.recv(64).split()[1])
