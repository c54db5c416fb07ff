"""Quick page changes while runs start cause neither errors nor blank pages."""

import random
from collections.abc import Iterator

import pytest

from tests.browser.lab import Lab, OpenTab
from tests.browser.server import Server

CHANGES = 100
PAGES = (
    "Train",
    "Manifold",
    "Denoise",
    "Onto the manifold",
    "Anomalies",
    "Dimensionality",
    "Compare",
)
LESSON = '[class*="st-key-lesson-"] button'
# After the next message to the server, keep the browser busy for a while, then run a callback.
BUSY = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  send.call(this, data);
  const act = window.afterBusy;
  if (!act) return;
  window.afterBusy = null;
  const until = performance.now() + 700;
  while (performance.now() < until);
  act();
};
"""


@pytest.fixture
def checked_lab(open_tab: OpenTab, server: Server) -> Iterator[Lab]:
    """Provide a new tab; afterwards, assert that neither it nor its server reported errors."""
    before = len(server.logged_errors()) if server.log.exists() else 0
    lab = open_tab(server)
    yield lab
    lab.check()
    assert server.logged_errors()[before:] == []


def press_link(lab: Lab, name: str) -> None:
    """Click a link without waiting for the page to become stable."""
    lab.page.get_by_role("link", name=name, exact=True).first.evaluate("link => link.click()")


def changes() -> Iterator[tuple[str, int]]:
    """Yield a page or "back", and the milliseconds to wait after it, mostly too few to draw."""
    rng = random.Random(0)
    for number in range(CHANGES):
        name = rng.choice(("page", "page", "back")) if number % 2 else "Guide"
        yield (rng.choice(PAGES) if name == "page" else name), rng.choice((0, 50, 100, 200, 400))


def test_hundred_quick_page_changes_while_runs_start(checked_lab: Lab) -> None:
    lab = checked_lab
    lab.open_fresh_run()
    lab.play()
    started_runs = 0
    for name, milliseconds in changes():
        if name == "back":
            lab.page.evaluate("history.back()")
        else:
            press_link(lab, name)
        lab.page.wait_for_timeout(milliseconds)
        started_runs += lab.page.evaluate(
            "button => { const it = document.querySelector(button); it?.click(); return !!it }",
            LESSON,
        )
        assert lab.errors == []
    assert started_runs > 3
    press_link(lab, "Train")
    lab.wait_until_drawn()
    lab.wait_for_step(1)


def test_plotly_is_loaded_once(checked_lab: Lab) -> None:
    lab = checked_lab
    lab.open_fresh_run()
    for name in ("Guide", "Train"):
        press_link(lab, name)
        lab.page.wait_for_url("**/guide**" if name == "Guide" else lambda url: "guide" not in url)
    lab.wait_until_drawn()
    loads = "performance.getEntriesByType('resource').filter(e => e.name.includes('plotly')).length"
    assert lab.page.evaluate(loads) == 1


def test_all_figures_are_drawn_after_a_page_change_in_a_busy_browser(checked_lab: Lab) -> None:
    lab = checked_lab
    lab.page.add_init_script(BUSY)
    lab.open_fresh_run()
    lab.press("step 10")
    lab.wait_for_step(10)
    for _ in range(3):
        lab.page.get_by_role("link", name="Guide", exact=True).click()
        lab.wait_until(lambda: lab.figure("guide-code").count() == 1, "the Guide is shown")
        # The next tick of the Guide ends while the browser is busy, and then Train is requested.
        train = lab.page.get_by_role("link", name="Train", exact=True).first
        train.evaluate("link => { window.afterBusy = () => link.click(); }")
        lab.wait_until_drawn()
        lab.wait_until_settled()
