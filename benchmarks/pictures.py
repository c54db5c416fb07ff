"""Remake the README's pictures in `docs/`, with MNIST, in a real browser.

AECORE_DATA=<folder with MNIST> uv run python -m benchmarks.pictures
"""

import io
from pathlib import Path

from cyclopts import App
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from benchmarks.live import opened, server, wait_until_listening
from tests.browser import chromium

FOLDER = Path(__file__).parent.parent / "docs"
ADDRESS = "?dataset=mnist&bottleneck=16&noise=0.3&epochs=30"
CLEAN_ADDRESS = "?dataset=mnist&epochs=6"
WIDTH = 1400
SAVED_WIDTH = 1000
ANSWER = 180_000
SETTLED = 3_000

app = App(help=__doc__)


def wait_for_step(page: Page, step: int) -> None:
    """Wait until the run reaches a step."""
    page.wait_for_function(
        """step => Number(document.querySelector(".lab-facts b").innerText
             .split("/")[0].replaceAll(",", "")) >= step""",
        arg=step,
    )


def save_picture(page: Page, name: str, height: int) -> None:
    """Save the page as it is, from its top down to a height in pixels."""
    page.set_viewport_size({"width": WIDTH, "height": height})
    page.wait_for_timeout(SETTLED)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    image.thumbnail((SAVED_WIDTH, height), Image.Resampling.LANCZOS)
    image.save(FOLDER / f"{name}.png", optimize=True)


def go(page: Page, name: str, key: str) -> None:
    """Go to another page, and wait until a figure or the canvas of it is drawn."""
    page.get_by_role("link", name=name, exact=True).first.click()
    page.locator(key).first.wait_for()
    page.wait_for_timeout(SETTLED)


@app.default
def main(*, steps: int = 1200) -> None:
    """Train for some steps, and save a picture of five pages while the network trains."""
    with sync_playwright() as playwright, server(0.5) as running:
        browser = chromium.launch(playwright)
        wait_until_listening(running)
        page = opened(browser, f"{running.url}/{ADDRESS}")
        page.set_default_timeout(ANSWER)
        page.get_by_role("button", name="Play").click()
        wait_for_step(page, steps)
        save_picture(page, "train", 1060)
        go(page, "Manifold", ".latent-canvas")
        page.locator(".latent-canvas").hover(position={"x": 300, "y": 260})
        save_picture(page, "manifold", 1500)
        go(page, "Guide", '[data-key="guide-code"].js-plotly-plot')
        save_picture(page, "guide", 1010)
        dark = opened(browser, f"{running.url}/{CLEAN_ADDRESS}", "dark")
        dark.set_default_timeout(ANSWER)
        dark.get_by_role("button", name="Play").click()
        wait_for_step(dark, steps)
        go(dark, "Onto the manifold", '[data-key="onto-map"].js-plotly-plot')
        save_picture(dark, "onto", 1480)
        dark.close()
        go(page, "Anomalies", '[data-key="scores"].js-plotly-plot')
        page.get_by_role("button", name="Train on normal classes only").click()
        page.wait_for_timeout(SETTLED)
        wait_for_step(page, steps // 4)
        save_picture(page, "anomalies", 1220)
        browser.close()


if __name__ == "__main__":
    app()
