"""Benchmark the cost of an open page for training, and its response time, in a real browser.

    AECORE_DATA=<folder with MNIST> uv run python -m benchmarks.live --json

A server is started as a user would start it. Its training speed is read from the history it
writes, alternately without and with an open page.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Literal

import psutil
from cyclopts import App
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.report import AsJson, show
from tests.browser import chromium

ROOT = Path(__file__).parent.parent
TITLE = "Autoencoder Lab"
CURVE = '.live-figure[data-key="loss-curve"]'
SLIDERS = ("Bottleneck", "Noise", "Sparsity")
MAP = '.live-figure[data-key="latent-map"]'
ACTIVITY = '.live-figure[data-key="code-activity"]'
BOTTLENECK = '[class*="st-key-bottleneck"]'
DRAG_PIXELS = 15
SETTLE_MS = 3_000
# Counts frames, and zooms into the map.
WATCH = """([map, curve]) => {
  window.elements = [map, curve].map(each => document.querySelector(each));
  window.painted = 0;
  const count = () => { window.painted += 1; requestAnimationFrame(count); };
  count();
  window.range = () => ['xaxis', 'yaxis'].flatMap(
    (axis) => window.elements[0]._fullLayout[axis].range);
  // Both, as a box drawn with the mouse: the axes are of one scale.
  const zoom = {'xaxis.range': [-1, 1], 'yaxis.range': [-1, 1]};
  return window.Plotly.relayout(window.elements[0], zoom)
    .then(() => { window.zoomed = window.range(); });
}"""
# Whether the figures are still the same elements, and the map is as zoomed.
IS_SAME = """([map, curve]) => [map, curve].every((each, i) =>
    document.querySelector(each) === window.elements[i])
  && window.range().every((end, i) => Math.abs(end - window.zoomed[i]) < 1e-6)"""

app = App(help=__doc__)


@dataclass
class Server:
    """A running dashboard, and the folder of its runs."""

    url: str
    runs: Path
    process: subprocess.Popen[bytes]
    started: float

    def steps(self) -> int:
        """Return the last step in the newest history."""
        newest = max(self.runs.glob("*/history.jsonl"), key=lambda path: path.stat().st_mtime)
        *_, last = newest.read_text().splitlines()
        return int(json.loads(last)["step"])

    def memory(self) -> float:
        """Return the resident memory of the server, in MB."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 2**20)


@contextmanager
def server(redraw_seconds: float) -> Iterator[Server]:
    """Start the dashboard with an empty folder of runs, and stop it as Ctrl-C does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    runs = Path(tempfile.mkdtemp(prefix="aecore-live-"))
    environment = {
        **os.environ,
        "AECORE_RUNS": str(runs),
        "AECORE_REDRAW_SECONDS": str(redraw_seconds),
    }
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
    options = ["--server.headless", "true", "--server.port", str(port)]
    started = time.monotonic()
    process = subprocess.Popen(
        command + options, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield Server(f"http://localhost:{port}", runs, process, started)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        shutil.rmtree(runs, ignore_errors=True)


def opened(browser: Browser, url: str, scheme: Literal["light", "dark"] = "light") -> Page:
    """Open a page, and wait until its figures are drawn."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000}, color_scheme=scheme)
    page.goto(url)
    page.locator(f"{MAP}.js-plotly-plot").wait_for(timeout=120_000)
    return page


def wait_until_listening(running: Server) -> None:
    """Wait until the server listens, as Streamlit does before it opens a page."""
    address = ("localhost", int(running.url.rsplit(":", 1)[1]))
    while True:
        try:
            socket.create_connection(address, 1).close()
            return
        except OSError:
            if time.monotonic() - running.started > 60:
                raise
            time.sleep(0.02)


def first_page(browser: Browser, running: Server) -> dict[str, float]:
    """Return the times from the command until title and picture are painted, and start to train."""
    wait_until_listening(running)
    page = browser.new_page()
    # Enough epochs for the run to last through the measurement.
    page.goto(f"{running.url}/?dataset=mnist&epochs=1000")
    page.get_by_text(TITLE).first.wait_for(timeout=60_000)
    title = time.monotonic() - running.started
    page.locator(f"{MAP}.js-plotly-plot").wait_for(timeout=120_000)
    picture = time.monotonic() - running.started
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(8_000)
    page.close()
    return {"title_s": title, "first_picture_s": picture}


def speed(running: Server, seconds: float, page: Page | None = None) -> float:
    """Return the steps per second over a time, measured between rows of the history."""

    def wait(duration: float) -> None:
        if page is None:
            time.sleep(duration)
        else:
            page.wait_for_timeout(duration * 1000)

    def next_row() -> tuple[float, int]:
        before = running.steps()
        while (now := running.steps()) == before:
            wait(0.01)
        return time.monotonic(), now

    start, first = next_row()
    wait(seconds)
    end, last = next_row()
    return (last - first) / (end - start)


def speed_with_page(
    browser: Browser, running: Server, pairs: int, seconds: float
) -> dict[str, Any]:
    """Measure the speed alternately without and with the page, and the page while it is open.

    Each speed with the page is compared with the mean of those before and after it, so that a
    machine that becomes slower or faster meanwhile changes nothing.
    """
    shares, frames = [], []
    same = True
    before = speed(running, seconds)
    for _ in range(pairs):
        page = opened(browser, running.url)
        page.wait_for_timeout(SETTLE_MS)
        page.evaluate(WATCH, [MAP, CURVE])
        start, painted = time.monotonic(), page.evaluate("window.painted")
        watched = speed(running, seconds, page)
        painted = page.evaluate("window.painted") - painted
        frames.append(painted / (time.monotonic() - start))
        same &= page.evaluate(IS_SAME, [MAP, CURVE])
        page.close()
        after = speed(running, seconds)
        shares.append(2 * watched / (before + after))
        before = after
    low, kept, high = quantiles(shares, n=4)
    return {
        "kept": kept,
        "kept_quartiles": [round(low, 3), round(high, 3)],
        "frames_per_s": median(frames),
        "same_element": same,
    }


def slider_seconds(page: Page, name: str, times: int) -> list[float]:
    """Return the times from releasing a slider until the chart shows the change."""
    waits = []
    for turn in range(times):
        page.get_by_role("slider", name=name).focus()
        page.wait_for_timeout(1_500)
        page.evaluate(
            """curve => {
              const marked = () => document.querySelector(curve).data
                .filter(trace => Array.isArray(trace.y) && trace.y[2] === null)
                .reduce((count, trace) => count + trace.y.length / 3, 0);
              const before = marked();
              window.answered = null;
              let released = null;
              document.addEventListener('keyup', () => { released = performance.now(); },
                                        {capture: true, once: true});
              const look = () => {
                if (released !== null && marked() !== before)
                  window.answered = (performance.now() - released) / 1000;
                else requestAnimationFrame(look);
              };
              look();
            }""",
            CURVE,
        )
        page.keyboard.press("ArrowRight" if turn % 2 == 0 else "ArrowLeft")
        page.wait_for_function("window.answered !== null", timeout=60_000)
        waits.append(page.evaluate("window.answered"))
    return waits


def drag_figures(page: Page, times: int) -> dict[str, float]:
    """Drag the bottleneck, and time each movement until the code has as many units in its figure.

    Frames are counted while the slider is dragged.
    """
    thumb = page.locator(f"{BOTTLENECK} [role=slider], {BOTTLENECK} input").first
    box = thumb.locator("xpath=..").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(
        """([slider, activity]) => {
          const input = document.querySelector(`${slider} input`);
          const read = () => input.getAttribute('aria-valuetext');
          Object.assign(window, { waits: [], painted: 0 });
          let value = read(), moved = null;
          new MutationObserver(() => {
            if (read() === value) return;
            value = read();
            moved ??= performance.now();
          }).observe(input, { attributes: true });
          const look = () => {
            window.painted += 1;
            const units = document.querySelector(activity)._fullData[0].x.length;
            if (moved !== null && units === Number(value)) {
              window.waits.push((performance.now() - moved) / 1000);
              moved = null;
            }
            requestAnimationFrame(look);
          };
          look();
        }""",
        [BOTTLENECK, ACTIVITY],
    )
    page.mouse.move(x, y)
    page.mouse.down()
    start = time.monotonic()
    for turn in range(times):
        page.mouse.move(x + DRAG_PIXELS * (1 + turn % 2), y, steps=2)
        page.wait_for_function(f"window.waits.length > {turn}", timeout=60_000)
    frames = page.evaluate("window.painted") / (time.monotonic() - start)
    page.mouse.up()
    return {
        "drag_to_picture_s": median(page.evaluate("window.waits")),
        "drag_frames_per_s": frames,
    }


def memory_growth(page: Page, running: Server, minutes: float) -> dict[str, float]:
    """Return the growth of the server's and the page's memory after the first minute."""
    heap = "performance.memory.usedJSHeapSize / 2 ** 20"
    page.wait_for_timeout(min(60_000, minutes * 30_000))
    server_before, page_before = running.memory(), page.evaluate(heap)
    page.wait_for_timeout(minutes * 60_000)
    return {
        "memory_growth": running.memory() / server_before - 1,
        "memory_mb": running.memory(),
        "page_memory_growth_mb": page.evaluate(heap) - page_before,
    }


@app.default
def main(
    *,
    as_json: AsJson = False,
    pairs: int = 12,
    seconds: float = 5,
    minutes: float = 10,
    times: int = 8,
) -> None:
    """Measure, and print one figure per line; with --json, all of them on the last line."""
    figures: dict[str, Any] = {}
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        # The first page of a browser takes a second that should not count.
        browser.new_page().goto("about:blank")
        for redraws in (4, 2):
            with server(1 / redraws) as running:
                start = first_page(browser, running)
                results = speed_with_page(browser, running, pairs, seconds)
                for name in ("kept", "kept_quartiles"):
                    figures[f"{name}_at_{redraws}"] = results.pop(name)
                figures |= {**results, **start}
                print(figures, file=sys.stderr)
                if redraws == 2:
                    page = opened(browser, running.url)
                    page.locator(f"{CURVE}.js-plotly-plot").wait_for(timeout=60_000)
                    page.wait_for_timeout(4_000)
                    waits = {name: slider_seconds(page, name, times) for name in SLIDERS}
                    figures["slider_to_picture_s"] = median(chain.from_iterable(waits.values()))
                    for name, each in waits.items():
                        figures[f"slider_{name.lower()}_s"] = median(each)
                    figures |= drag_figures(page, times)
                    if minutes:
                        figures |= memory_growth(page, running, minutes)
        browser.close()
    show(figures, as_json)


if __name__ == "__main__":
    app()
