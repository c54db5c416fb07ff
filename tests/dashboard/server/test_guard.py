import logging
from typing import Any

import pytest
import streamlit as st
from starlette.types import Message, Receive, Scope, Send

from dashboard.server.guard import Guard, hostname
from tests.support import run_async

Headers = list[tuple[str, str]]


async def served(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
    await send({"type": "http.response.body"})


def status(headers: Headers, kind: str = "http", **options: Any) -> int | str:
    """Return the status with which the guard answers, or the type of a message without one."""
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": f"{kind}.connect"}

    def get_option(name: str) -> Any:
        addresses = {"server.address": "localhost", "browser.serverAddress": "localhost"}
        return {**addresses, **options}.get(name, [])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "get_option", get_option)
        patch.setattr(Guard, "installed", False)
        guard = Guard(served)
        assert Guard.installed
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    scheme = options.get("scheme", "ws" if kind == "websocket" else "http")
    scope = {"type": kind, "scheme": scheme, "headers": encoded}
    run_async(guard(scope, receive, send))
    answer: int | str = messages[0].get("status", messages[0]["type"])
    return answer


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost.:8501", "localhost"),
        ("127.0.0.1:8501", "127.0.0.1"),
        ("[::1]", "::1"),
        ("[::1]:8501", "::1"),
        *((host, None) for host in ("", ":8501", "a:b", "a:99999", "[::1", "u@localhost")),
        *((host, None) for host in ("localhost/a", "localhost?a", "local\thost", "localhost#a")),
    ],
)
def test_host_header_is_split_into_name_and_port(host: str, name: str | None) -> None:
    assert hostname(host) == name


@pytest.mark.parametrize(
    ("headers", "options", "answer"),
    [
        ([("host", "localhost")], {}, 200),
        ([("host", "127.0.0.2")], {}, 403),
        ([], {}, 403),
        ([("host", "localhost"), ("host", "evil.example")], {}, 403),
        ([("host", "lab.example")], {"server.allowedHosts": ["lab.example"]}, 200),
        ([("host", "a.lab.example")], {"server.allowedHosts": ["*.Lab.example"]}, 200),
        ([("host", "lab.example")], {"server.allowedHosts": ["*.lab.example"]}, 403),
        ([("host", "[::1]:80")], {"server.allowedHosts": ["[::1]"]}, 200),
        ([("host", "10.0.0.7:80")], {"server.address": "10.0.0.7"}, 200),
        ([("host", "lab.example")], {"browser.serverAddress": "lab.example"}, 200),
        ([("host", "localhost"), ("origin", "http://localhost")], {}, 200),
        ([("host", "localhost"), ("origin", "http://localhost:80")], {}, 403),
        (
            [("host", "localhost"), ("origin", "https://lab.example")],
            {"server.corsAllowedOrigins": ["https://lab.example"]},
            200,
        ),
        (
            [("host", "localhost"), ("origin", "http://localhost"), ("origin", "http://evil")],
            {},
            403,
        ),
    ],
)
def test_names_and_origins_that_the_user_configures_are_served(
    headers: Headers, options: dict[str, Any], answer: int
) -> None:
    assert status(headers, **options) == answer


def test_refused_websocket_is_closed_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    headers = [("host", "localhost"), ("origin", "http://evil.example\nERROR")]
    with caplog.at_level(logging.WARNING):
        assert status(headers, "websocket") == "websocket.close"
    (line,) = caplog.messages
    assert r"Pages of 'http://evil.example\nERROR' cannot use" in line


def test_encrypted_origin_is_the_own_one_of_an_encrypted_server() -> None:
    headers = [("host", "localhost"), ("origin", "https://localhost")]
    assert status(headers, scheme="https") == 200
    assert status(headers, "websocket", scheme="wss") == 200
    assert status(headers, "websocket", scheme="ws") == "websocket.close"
