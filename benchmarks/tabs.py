"""Benchmark how many browser tabs may watch one run, and what they cost its training.

    AECORE_DATA=<folder with MNIST> uv run python -m benchmarks.tabs --json

The tabs are those of other machines, such as a class has: each is a connection that asks for
redraws as a browser does and reads all that is sent, but draws nothing here. One more page is
opened on this machine, in a real browser that has opened it before. Training is timed alternately
without and with the tabs. Memory is said to grow by its change during the measurement.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from statistics import median
from typing import Any

from cyclopts import App
from playwright.sync_api import BrowserContext, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from benchmarks.live import MAP, Server, first_page, server, speed
from benchmarks.report import AsJson, show
from tests.browser import chromium

COUNTS = (1, 5, 10, 20)
REDRAW_SECONDS = 0.5
# The interval between redraws follows the number of tabs within some seconds.
SETTLE_SECONDS = 10.0
OPENING_SECONDS = 300.0

app = App(help=__doc__)


class Tab:
    """A browser tab on another machine.

    Attributes
    ----------
    redraws : int
        How often its live part was drawn again.
    drawn : bool
        Whether the page was drawn once.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._timers: dict[str, asyncio.Task[None]] = {}
        self.redraws, self.drawn = 0, False

    async def watch(self) -> None:
        """Open the page, and ask for redraws as the page says until cancelled."""
        address = self._url.replace("http", "ws", 1) + "/_stcore/stream"
        protocols = [Subprotocol("streamlit")]
        async with connect(
            address, origin=Origin(self._url), subprotocols=protocols, max_size=None
        ) as connection:
            await self._ask(connection, ClientState())
            try:
                async for content in connection:
                    assert isinstance(content, bytes)
                    self._take(connection, ForwardMsg.FromString(content))
            finally:
                self._stop([*self._timers])

    def _take(self, connection: ClientConnection, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session" if not message.metadata.run.fragment_ids:
                self._stop([*self._timers])
            case "stop_auto_rerun":
                self._stop(message.stop_auto_rerun.fragment_ids)
            case "auto_rerun":
                name, seconds = message.auto_rerun.fragment_id, message.auto_rerun.interval
                self._stop([name])
                self._timers[name] = asyncio.create_task(self._tick(connection, name, seconds))
            case "script_finished":
                finished = ForwardMsg.ScriptFinishedStatus
                is_redraw = finished.FINISHED_FRAGMENT_RUN_SUCCESSFULLY
                self.redraws += message.script_finished == is_redraw
                self.drawn |= message.script_finished == finished.FINISHED_SUCCESSFULLY

    def _stop(self, fragments: Iterable[str]) -> None:
        for name in fragments:
            if timer := self._timers.pop(name, None):
                timer.cancel()

    async def _tick(self, connection: ClientConnection, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self._ask(connection, ClientState(fragment_id=fragment, is_auto_rerun=True))

    async def _ask(self, connection: ClientConnection, state: ClientState) -> None:
        await connection.send(BackMsg(rerun_script=state).SerializeToString())


@contextmanager
def open_tabs(url: str, count: int) -> Iterator[list[Tab]]:
    """Open tabs in a thread, and wait until all are drawn."""
    tabs = [Tab(url) for _ in range(count)]
    started: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def watch() -> None:
        end = asyncio.Event()
        started.put((asyncio.get_running_loop(), end))
        watching = [asyncio.create_task(tab.watch()) for tab in tabs]
        tasks: list[asyncio.Task[Any]] = [*watching, asyncio.create_task(end.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in watching:
            if task.done():
                task.result()

    thread = threading.Thread(target=lambda: asyncio.run(watch()))
    thread.start()
    loop, end = started.get()
    try:
        deadline = time.monotonic() + OPENING_SECONDS
        while not all(tab.drawn for tab in tabs):
            assert thread.is_alive(), "a tab lost its connection"
            assert time.monotonic() < deadline, "the tabs were not drawn in time"
            time.sleep(0.1)
        yield tabs
    finally:
        with suppress(RuntimeError):
            # Closed already, where a tab failed.
            loop.call_soon_threadsafe(end.set)
        thread.join()


def open_page(context: BrowserContext, url: str) -> float:
    """Open a page in the browser, and return the seconds until its figures are drawn."""
    started = time.monotonic()
    page = context.new_page()
    page.goto(url, timeout=1000 * OPENING_SECONDS)
    page.locator(f"{MAP}.js-plotly-plot").wait_for(timeout=1000 * OPENING_SECONDS)
    seconds = time.monotonic() - started
    page.close()
    return seconds


def measure(
    context: BrowserContext, running: Server, count: int, seconds: float
) -> dict[str, float]:
    """Measure redraws, training and memory with a number of tabs, and opening one more."""
    alone = speed(running, seconds / 2)
    with open_tabs(running.url, count) as tabs:
        time.sleep(SETTLE_SECONDS)
        memory = running.memory()
        before, started = [tab.redraws for tab in tabs], time.monotonic()
        watched = speed(running, seconds)
        elapsed = time.monotonic() - started
        rates = [(tab.redraws - old) / elapsed for tab, old in zip(tabs, before, strict=True)]
        growth = running.memory() / memory - 1
        one_more = open_page(context, running.url)
    # Connections end, and the speed alone is that before and after.
    time.sleep(SETTLE_SECONDS)
    alone = (alone + speed(running, seconds / 2)) / 2
    return {
        f"redraws_min_{count}": min(rates),
        f"redraws_median_{count}": median(rates),
        f"kept_{count}": watched / alone,
        f"one_more_s_{count}": one_more,
        f"memory_mb_{count}": memory,
        f"memory_growth_{count}": growth,
    }


@app.default
def main(*, as_json: AsJson = False, seconds: float = 20, counts: tuple[int, ...] = COUNTS) -> None:
    """Measure, and print one figure per line; with --json, all of them on the last line."""
    figures: dict[str, Any] = {}
    with sync_playwright() as playwright, server(REDRAW_SECONDS) as running:
        browser = chromium.launch(playwright)
        first_page(browser, running)
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        open_page(context, running.url)
        for count in counts:
            figures |= measure(context, running, count, seconds)
            print(figures, file=sys.stderr)
        browser.close()
    show(figures, as_json)


if __name__ == "__main__":
    app()
