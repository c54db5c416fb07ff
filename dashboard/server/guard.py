"""Refuse what other websites send to the dashboard through the user's own browser.

A page of another website can reach a server on this machine. Browsers say which page sends a
request (`Origin`) and which name it asks for (`Host`). Streamlit by itself accepts websockets from
pages on any port of this machine, and under any name, even one that an attacker points to this
machine (DNS rebinding), and lets any page frame the dashboard.
"""

import logging
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage
from starlette.websockets import WebSocketClose

from aecore.i18n import N_, Message, t

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
SCHEMES = {"ws": "http", "wss": "https"}
FORBIDDEN, POLICY_VIOLATION = 403, 1008
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every response: pages of other origins may neither frame nor embed it."""

logger = logging.getLogger(__name__)


class Guard:
    """ASGI middleware that answers only under the dashboard's names, and only its own pages.

    Its names are those of Streamlit's option ``server.allowedHosts``. By default, they are
    ``localhost``, ``127.0.0.1`` and ``[::1]``, and those of ``server.address`` and
    ``browser.serverAddress``. Other origins can be allowed by ``server.corsAllowedOrigins``.

    Parameters
    ----------
    app : ASGI application
    """

    installed = False
    """Whether a server in this process has the guard."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._names = served_names()
        self._origins = frozenset(map(str, st.get_option("server.corsAllowedOrigins")))
        Guard.installed = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it; see the ASGI specification."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif (reason := self._refusal(scope)) is None:
            await self._app(scope, receive, _with_headers(send))
        else:
            logger.warning("%s", reason)
            if scope["type"] == "websocket":
                await WebSocketClose(POLICY_VIOLATION)(scope, receive, send)
            else:
                await PlainTextResponse(str(reason), FORBIDDEN)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Message | None:
        """Return why a request is refused, or None."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        name = hostname(hosts[0]) if len(hosts) == 1 else None
        if name is None or not any(fnmatchcase(name, pattern) for pattern in self._names):
            return N_(
                "The dashboard is not served as {host!r}. Open it as localhost, or start it with "
                "--server.allowedHosts and the name it shall have.",
                host=", ".join(hosts)[:200],
            )
        # The port counts. Programs other than browsers send no origin.
        own = f"{SCHEMES.get(scope['scheme'], scope['scheme'])}://{hosts[0]}"
        if not {own, *self._origins}.issuperset(origins):
            return N_(
                "Pages of {origin!r} cannot use the dashboard at {own}. If that is its own "
                "address, start it with --server.corsAllowedOrigins and this address.",
                origin=", ".join(origins)[:200],
                own=own,
            )
        return None


def served_names() -> tuple[str, ...]:
    """Return the names under which the dashboard is served, perhaps with wildcards."""
    addresses = (st.get_option("server.address"), st.get_option("browser.serverAddress"))
    names = st.get_option("server.allowedHosts") or [*LOCAL_NAMES, *filter(None, addresses)]
    return tuple(str(name).strip().lower().strip("[]").rstrip(".") for name in names)


def hostname(host: str) -> str | None:
    """Return the name in a ``Host`` header, without port and brackets; None if it is invalid."""
    try:
        parts = urlsplit(f"//{host}")
        # An invalid port raises an error when it is read.
        _ = parts.port
    except ValueError:
        return None
    is_valid = parts.netloc == host and parts.username is None
    return parts.hostname.rstrip(".") if is_valid and parts.hostname else None


def refuse() -> None:
    """Show that the page was started without the guard, and end the script."""
    st.error(
        t(
            "The dashboard is not protected from other websites and does not start. Start it with "
            "Streamlit 1.67 or newer, by: {command}",
            command="streamlit run dashboard/app.py",
        )
    )
    st.stop()


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: ASGIMessage) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.append(name, value)
        await send(message)

    return send_with_headers
