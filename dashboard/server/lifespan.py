"""What the server does when it starts and when it stops."""

import signal
import threading
import webbrowser
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

import streamlit as st

STOPPING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, `kill`, and the end of the terminal."""
ALL = ("0.0.0.0", "::")  # noqa: S104
"""Addresses of a server that listens on all interfaces."""


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Open the browser, as Streamlit does for scripts, and stop in the same way on each signal."""
    if not st.get_option("server.headless"):
        # Some browsers return only when they are closed.
        threading.Thread(target=webbrowser.open, args=(address(),), daemon=True).start()
    with _stopping():
        yield


def address() -> str:
    """Return the address to open in a browser."""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    names = (st.get_option("browser.serverAddress"), st.get_option("server.address"))
    name = next((name for name in names if name not in (None, "localhost", *ALL)), "localhost")
    host = f"[{name}]" if ":" in name else name
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"{scheme}://{host}:{st.get_option('server.port')}/{path}"


@contextmanager
def _stopping() -> Iterator[None]:
    """Let each signal that stops the server also run what is registered to be run at exit.

    When it has stopped, uvicorn raises the signals it was sent once more, for the handlers that
    were there before. SIGTERM would then end the process before its runs are saved. So uvicorn is
    told of a signal that does nothing. The second signal ends the server at once, as always.
    """
    stop, harmless = signal.getsignal(signal.SIGINT), getattr(signal, "SIGURG", None)
    if threading.current_thread() is not threading.main_thread() or not callable(stop):
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        for each in STOPPING:
            signal.signal(each, stop)
        stop(harmless or number, frame)

    # After `nohup`, a server outlives its terminal.
    caught = [each for each in STOPPING if signal.getsignal(each) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
