"""Benchmark how soon the Compare page shows thousands of runs, in a real browser.

    uv run python -m benchmarks.compare --json

Cold is the first visit, when every folder is read; warm is any later one, with a cached index.
"""

import os
from pathlib import Path
from statistics import median
from typing import Any

from cyclopts import App
from playwright.sync_api import Page, sync_playwright

from aecore import data
from aecore.presets import preset
from aecore.runs.run import Run
from benchmarks.live import opened, server
from benchmarks.report import AsJson, show
from tests.browser import chromium

TABLE = '[data-testid="stDataFrame"] canvas'
ANSWER = 120_000

app = App(help=__doc__)


def fill(root: Path, count: int) -> None:
    """Train a short run, and fill the folder with copies that are hard links to its files."""
    run = Run.create(root / "run-0000", preset("stacked", "digits", hidden="16", epochs=1))
    trainer = run.start(data.load("digits"))
    run.train(trainer)
    run.save(trainer)
    run.release()
    files = [path for path in run.path.rglob("*") if path.is_file()]
    for number in range(1, count):
        for path in files:
            place = root / f"run-{number:04}" / path.relative_to(run.path)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, place)


def table_seconds(page: Page, count: int) -> float:
    """Return the time from the click on Compare to the table of all runs."""
    page.get_by_role("link", name="Compare").evaluate(
        "link => { window.clicked = performance.now(); link.click(); }"
    )
    page.wait_for_function(
        """([table, words]) => document.querySelector(table)
             && document.body.innerText.includes(words)
             && (window.shown ??= performance.now())""",
        arg=[TABLE, f"{count:,} runs"],
        timeout=ANSWER,
    )
    seconds = page.evaluate("(window.shown - window.clicked) / 1000")
    page.evaluate("delete window.shown")
    return float(seconds)


@app.default
def main(*, as_json: AsJson = False, runs: int = 5000, times: int = 5) -> None:
    """Measure, and print one figure per line; with --json, all of them on the last line."""
    with sync_playwright() as playwright, server(0.5) as running:
        browser = chromium.launch(playwright)
        fill(running.runs, runs)
        page = opened(browser, f"{running.url}/?dataset=digits")
        page.wait_for_timeout(10_000)
        waits = []
        for _ in range(1 + times):
            # The current run is one more.
            waits.append(table_seconds(page, runs + 1))
            page.get_by_role("link", name="Train").click()
            page.locator('[data-key="loss-curve"]').wait_for()
            page.wait_for_timeout(2_000)
        browser.close()
    figures: dict[str, Any] = {"runs": runs, "cold_s": waits[0], "warm_s": median(waits[1:])}
    show(figures, as_json)


if __name__ == "__main__":
    app()
