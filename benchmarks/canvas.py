"""Benchmark the map of the Manifold page with MNIST, in a real browser.

    AECORE_DATA=<folder with MNIST> uv run python -m benchmarks.canvas --json

Hovering and panning are measured with all 10,000 held-out images. Earlier steps are saved for the
probe set only, so scrubbing is measured with its 2,000 images.
"""

from typing import Any

from cyclopts import App
from playwright.sync_api import JSHandle, Page, sync_playwright

from benchmarks.live import server
from benchmarks.report import AsJson, show
from tests.browser import chromium

MAP = ".latent-canvas"
ANSWER = 120_000

# One event per frame, faster than a user could send them; the frames are counted.
FRAMES = """([lab, kind, count]) => new Promise((done) => {
  const { map, marks, slider } = lab.parts;
  const box = map.getBoundingClientRect();
  const point = (x, y) => ({ clientX: box.left + x, clientY: box.top + y });
  const about = { bubbles: true, cancelable: true, pointerId: 1, pointerType: "mouse" };
  const send = (kind, x, y, more) =>
    marks.dispatchEvent(new PointerEvent(kind, { ...about, ...point(x, y), ...more }));
  const decoding = [];
  const times = [];
  const act = {
    hover: (k) => send("pointermove", 40 + ((k * 7) % 500), 40 + ((k * 5) % 400)),
    pan: (k) => send("pointermove", 300 + 80 * Math.sin(k / 9), 250 + 60 * Math.cos(k / 7),
                     { buttons: 1 }),
    scrub: (k) => {
      slider.value = String((Number(slider.max) * (1 + Math.sin(k / 25))) / 2);
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    },
  };
  const go = (now) => {
    times.push(now);
    if (lab.decodeMs) decoding.push(lab.decodeMs);
    act[kind](times.length);
    if (times.length <= count) return requestAnimationFrame(go);
    if (kind === "pan") send("pointerup", 300, 250, { button: 0 });
    const seconds = (times.at(-1) - times[0]) / 1000;
    done({ fps: count / seconds, decode_ms: decoding.sort((a, b) => a - b).at(-1) ?? null });
  };
  if (kind === "pan") send("pointerdown", 300, 250, { button: 0, buttons: 1 });
  requestAnimationFrame(go);
})"""

app = App(help=__doc__)


def drawn(page: Page, count: int) -> JSHandle:
    """Wait until a map of `count` points is drawn, and return it."""
    page.wait_for_function(
        f"n => {{ const lab = document.querySelector('{MAP}')?.lab;"
        " return lab && lab.count === n && lab.counters.frames > 0 && lab.due === null }",
        arg=count,
        timeout=ANSWER,
    )
    return page.evaluate_handle(f"() => document.querySelector('{MAP}').lab")


def seconds_until(page: Page, begin: str, holds: str) -> float:
    """Return the time from an event on the page until a condition holds there."""
    return float(
        page.evaluate(
            f"""() => new Promise((done) => {{
              const began = performance.now();
              const look = () => ({holds}) ? done((performance.now() - began) / 1000)
                                           : requestAnimationFrame(look);
              {begin};
              look();
            }})"""
        )
    )


def lasso(page: Page) -> float:
    """Draw a lasso around some points; return the time until the gallery changes."""
    page.locator(".st-key-panel").get_by_text("Selection", exact=True).click()
    page.wait_for_timeout(2_000)
    page.locator('.latent-canvas-tools [data-word="lasso"]').click()
    box = page.locator(".latent-canvas-map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    for right, down in ((40, -40), (40, 40), (-40, 40)):
        page.mouse.move(x + right, y + down, steps=4)
    page.evaluate(
        """() => {
          window.answered = null;
          const shown = () => document.querySelector('[data-key="gallery"]')?.dataset.redraws ?? 0;
          const before = shown();
          addEventListener('pointerup', () => {
            const began = performance.now();
            const look = () => {
              if (shown() !== before) window.answered = (performance.now() - began) / 1000;
              else requestAnimationFrame(look);
            };
            look();
          }, { capture: true, once: true });
        }"""
    )
    page.mouse.up()
    page.wait_for_function("window.answered !== null", timeout=ANSWER)
    return float(page.evaluate("window.answered"))


def measure(page: Page, count: int) -> dict[str, Any]:
    """Measure the Manifold page, beginning with the switch from Train."""
    page.get_by_role("link", name="Manifold").first.click()
    first = drawn(page, 2000)
    page.get_by_role("link", name="Train").click()
    page.locator('[data-key="latent-map"]').wait_for(timeout=ANSWER)
    page.wait_for_timeout(3_000)
    link = "[...document.querySelectorAll('a')].find(a => a.textContent.includes('Manifold'))"
    ready = f"document.querySelector('{MAP}')?.lab?.counters.frames > 0"
    figures: dict[str, Any] = {"switch_s": seconds_until(page, f"{link}.click()", ready)}
    first = drawn(page, 2000)
    figures["scrub_fps"] = page.evaluate(FRAMES, [first, "scrub", count])["fps"]
    page.locator(".st-key-map-images input").click()
    page.get_by_role("option", name="All held-out images").click()
    lab = drawn(page, 10_000)
    page.wait_for_timeout(4_000)
    for kind in ("hover", "pan"):
        rates = page.evaluate(FRAMES, [lab, kind, count])
        figures[f"{kind}_fps"] = rates["fps"]
        if kind == "hover":
            figures["decode_ms"] = rates["decode_ms"]
    figures["lasso_s"] = lasso(page)
    return figures


@app.default
def main(*, as_json: AsJson = False, frames: int = 300) -> None:
    """Train briefly, measure, and print one figure per line; with --json, all on the last line."""
    with sync_playwright() as playwright, server(0.5) as running:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.wait_for_timeout(4_000)
        page.goto(f"{running.url}/?dataset=mnist&bottleneck=2")
        page.get_by_role("button", name="Play").click(timeout=ANSWER)
        page.wait_for_timeout(20_000)
        page.get_by_role("button", name="Pause").click()
        # Wait for the compilation of UMAP in the background, which would distort the results.
        page.wait_for_timeout(30_000)
        figures = measure(page, frames)
        browser.close()
    show(figures, as_json)


if __name__ == "__main__":
    app()
