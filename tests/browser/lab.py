"""Drive the dashboard in a browser tab, as a user would."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from aecore.config import Config
from tests.browser.server import TIMEOUT, Server

FIGURES = ("loss-curve", "latent-map", "code-activity", "reconstructions")
# Steps are fast, and the run does not finish during a test.
QUICK = {"hidden": "32", "batch_size": 32, "epochs": 1000}
_seeds = count(1)


class Lab:
    """The dashboard in one browser tab."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self._fresh: tuple[object, object] | None = None
        page.set_default_timeout(TIMEOUT * 1000)
        page.on("request", lambda request: self._record_host(request.url))
        page.on("websocket", lambda socket: self._record_host(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._record_console_error)

    def open(self, **settings: object) -> None:
        """Open the page with settings in its URL, and wait until all figures are drawn."""
        self.open_url(f"{self.server.url}/?{urlencode(settings)}")

    def open_url(self, url: str) -> None:
        self.wait_until(lambda: self.server.is_reachable, "the server is reachable")
        self.page.goto(url)
        # The first page that a server sends also waits until torch is imported.
        self.page.locator(".live-figure").first.wait_for(timeout=2000 * TIMEOUT)
        self.wait_until_drawn()

    def open_fresh_run(self, **settings: object) -> None:
        """Open the page on a quick run at step 0 that no other test uses."""
        self.leave_run()
        self.open(**{**QUICK, "seed": next(_seeds), **settings})
        assert self.step == 0
        self.wait_until_settled()
        self._fresh = settings, self._settings

    def ensure_fresh_run(self, **settings: object) -> None:
        """Start a quick run that no other test uses, in the open page if its settings match."""
        if self._fresh != (settings, self._settings):
            self.open_fresh_run(**settings)
            return
        self.page.keyboard.press("Escape")
        if self.playing:
            self.pause()
        before = self.run
        self.press("reset")
        self.wait_until(lambda: self.run != before and self.step == 0, "a new run starts")
        self.wait_until_settled()

    def leave_run(self) -> None:
        """Pause the run in view: with its tab gone it would train on beside the next tests."""
        if not self.page.is_closed() and self.server.is_reachable and self.playing:
            self.pause()

    def discard_page(self) -> None:
        """Discard a page with errors: a lost connection would make every later test fail."""
        self.page.goto("about:blank")
        self.errors.clear()
        self._fresh = None

    @property
    def _settings(self) -> dict[str, list[str]]:
        """Settings in the URL, without the seed."""
        query = parse_qs(urlsplit(self.page.url).query)
        return {name: value for name, value in query.items() if name != "seed"}

    def _record_console_error(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _record_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or url)

    def wait_until(
        self, condition: Callable[[], bool], description: str, seconds: float = TIMEOUT
    ) -> None:
        """Wait until a condition holds; its description goes into the error on timeout."""
        for _ in range(int(seconds * 20)):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(
            f"timed out after {seconds} s waiting until {description}; page text:\n{self.text}"
        )

    def wait_until_settled(self) -> None:
        """Wait until the script has finished, so that the page shows the effect of an action."""
        self.page.locator('[data-test-script-state="notRunning"]').wait_for()

    def wait_until_drawn(self) -> None:
        self.wait_until(lambda: all(map(self._is_drawn, FIGURES)), "all figures are drawn")

    def _is_drawn(self, key: str) -> bool:
        figure = self.figure(key)
        if figure.count() != 1:
            return False
        return self.redraws(key) > 0 or bool(figure.get_attribute("data-empty"))

    def figure(self, key: str) -> Locator:
        return self.page.locator(f'[data-key="{key}"]')

    def redraws(self, key: str) -> int:
        return int(self.figure(key).get_attribute("data-redraws") or 0)

    def plot_value(self, key: str, expression: str) -> Any:
        """Return a property of a figure as Plotly drew it, for example ``data[0].x``."""
        return self.figure(key).evaluate(f"figure => figure.{expression}")

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def fact(self, name: str) -> str:
        """Return a value from the status line at the top of the page."""
        cell = self.page.locator(".lab-facts div").filter(has_text=name)
        return str(cell.locator("b").inner_text())

    @property
    def run(self) -> Path:
        """The folder of the run in view, which exists from its first step."""
        name = self.page.locator(".lab-facts[data-run]").get_attribute("data-run")
        return self.server.runs / str(name)

    @property
    def config(self) -> Config:
        """The settings in the URL."""
        query = parse_qs(urlsplit(self.page.url).query, keep_blank_values=True)
        return Config(**{name: values[-1] for name, values in query.items()})

    @property
    def step(self) -> int:
        return int(self.fact("Step").split("/")[0].replace(",", ""))

    def wait_for_step(self, step: int) -> None:
        self.wait_until(lambda: self.step >= step, f"step {step} is reached")

    def button(self, key: str) -> Locator:
        """Return a button by its key in the code, such as ``play``, ``step 10``, ``reset``."""
        return self.widget(key).locator("button").first

    def press(self, key: str) -> None:
        self.button(key).click()

    def widget(self, name: str) -> Locator:
        """Return a widget by its key, to which the page appends a turn when it sets the value.

        While one widget replaces another, both are present; return the first.
        """
        key = f"st-key-{name.replace(' ', '-')}"
        return self.page.locator(f'.{key}, [class*="{key}-turn-"]').first

    def select(self, name: str, label: str) -> None:
        """Select an option of a select box by its visible label."""
        option = self.page.get_by_role("option", name=label, exact=True)
        for _ in range(10):
            self.widget(name).locator("input").click()
            # A redraw of the page at this moment may close the list.
            with suppress(PlaywrightTimeoutError):
                option.click(timeout=TIMEOUT * 100)
                return
        raise AssertionError(f"{name} does not offer {label}; page text:\n{self.text}")

    def selected(self, name: str) -> str:
        # The old widget and its replacement may both be present for a moment.
        field = self.widget(name).locator("input")
        self.wait_until(lambda: field.count() == 1, f"there is one {name}")
        return str(field.evaluate_all("inputs => inputs[0]?.value ?? ''"))

    def slider(self, name: str) -> Locator:
        return self.widget(name).locator("input")

    def slider_value(self, name: str) -> str:
        """Return the value of a slider as text."""
        return self.slider(name).get_attribute("aria-valuetext") or ""

    def enter(self, name: str, text: str) -> None:
        """Type text into a field and press Enter."""
        self.widget(name).locator("input").fill(text)
        self.widget(name).locator("input").press("Enter")

    def expand(self, group: str) -> None:
        """Expand a group of the sidebar if it is collapsed."""
        summary = self.page.locator("summary").get_by_text(group, exact=True)
        expander = self.page.get_by_test_id("stExpander").filter(has=summary).first
        if expander.locator("details").get_attribute("open") is None:
            expander.locator("summary").click()

    @property
    def playing(self) -> bool:
        """Whether the transport shows the Pause button."""
        return self.button("play").filter(has_text="Pause").is_visible()

    def play(self) -> None:
        """Press Play and wait for the next step."""
        before = self.step
        self.press("play")
        self.wait_for_step(before + 1)

    def pause(self) -> None:
        """Press Pause, and wait until Play can be pressed.

        The run may end by itself at this moment: the same button then says Play, and the click may
        start the run again. So it is pressed until it says Play.
        """
        for _ in range(10):
            with suppress(PlaywrightTimeoutError):
                self.button("play").filter(has_text="Pause").click(timeout=TIMEOUT * 100)
            with suppress(PlaywrightTimeoutError):
                self.button("play").filter(has_text="Play").wait_for(timeout=TIMEOUT * 100)
                return
        self.wait_until_paused()

    def wait_until_paused(self) -> None:
        """Wait until the button says Play."""
        self.button("play").filter(has_text="Play").wait_for()

    def wait_for_notice(self, text: str) -> None:
        """Wait until a notice contains a text."""
        notice = self.page.get_by_test_id("stAlert").filter(has_text=text)
        notice.first.wait_for()

    def check(self) -> None:
        """Assert that the tab shows no errors and has contacted no other host."""
        if self.page.is_closed():
            return
        assert self.page.get_by_test_id("stException").count() == 0
        assert "Traceback" not in self.text
        assert self.errors == []
        assert self.hosts <= {"localhost"}

    def close(self) -> None:
        """Check the tab for errors, then close it."""
        if not self.page.is_closed():
            try:
                self.check()
            finally:
                self.page.close()


GoToPage = Callable[[str, str], None]
OpenTab = Callable[..., Lab]
