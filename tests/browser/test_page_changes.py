"""Quick changes of page, while runs start, leave no error and no white page."""

import random
from collections.abc import Iterator

import pytest

from tests.browser.lab import Lab, Tabs
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
# After the next message to the server the browser is busy for a while, and then does something.
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
def watched(tabs: Tabs, server: Server) -> Iterator[Lab]:
    """Give a tab of its own, in which and in whose server nothing may go wrong."""
    before = len(server.complaints()) if server.log.exists() else 0
    lab = tabs(server)
    yield lab
    lab.check()
    assert server.complaints()[before:] == []


def press_link(lab: Lab, name: str) -> None:
    """Press a link without waiting until the page around it is at rest."""
    lab.page.get_by_role("link", name=name, exact=True).first.evaluate("link => link.click()")


def changes() -> Iterator[tuple[str, int]]:
    """Yield what to press, and how many milliseconds to wait then; mostly too few to be drawn."""
    draw = random.Random(0)
    for number in range(CHANGES):
        name = draw.choice(("page", "page", "back")) if number % 2 else "Guide"
        yield (draw.choice(PAGES) if name == "page" else name), draw.choice((0, 50, 100, 200, 400))


def test_a_hundred_quick_changes_while_runs_start(watched: Lab) -> None:
    lab = watched
    lab.open_fresh()
    lab.play()
    started = 0
    for name, milliseconds in changes():
        if name == "back":
            lab.page.evaluate("history.back()")
        else:
            press_link(lab, name)
        lab.page.wait_for_timeout(milliseconds)
        started += lab.page.evaluate(
            "button => { const it = document.querySelector(button); it?.click(); return !!it }",
            LESSON,
        )
        assert lab.errors == []
    assert started > 3
    press_link(lab, "Train")
    lab.until_drawn()
    lab.until_step(1)


def test_a_change_of_page_while_the_browser_is_busy_finds_every_figure(watched: Lab) -> None:
    lab = watched
    lab.page.add_init_script(BUSY)
    lab.open_fresh()
    lab.press("step 10")
    lab.until_step(10)
    for _ in range(3):
        lab.page.get_by_role("link", name="Guide", exact=True).click()
        lab.until(lambda: lab.figure("guide-code").count() == 1, "the Guide is there")
        # The Guide's next tick ends, and Train is asked for, while the browser does neither.
        train = lab.page.get_by_role("link", name="Train", exact=True).first
        train.evaluate("link => { window.afterBusy = () => link.click(); }")
        lab.until_drawn()
        lab.until_settled()


def test_plotly_is_sent_once_for_all_pages(tabs: Tabs, server: Server) -> None:
    lab = tabs(server)
    received: list[int] = []
    lab.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    lab.open_fresh()
    plotly = max(received)
    lab.page.get_by_role("link", name="Guide", exact=True).click()
    lab.until(lambda: lab.redraws("guide-code") > 0, "the Guide is drawn")
    assert sorted(received)[-2] < plotly / 10
