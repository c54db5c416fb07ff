"""The page in one tab of a browser, in a person's terms."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page
from playwright.sync_api import TimeoutError as LateError

from tests.browser.server import SECONDS, Server

FIGURES = ("loss-curve", "latent-map", "code-activity", "reconstructions")
# A network that makes a step in a moment, and a run that does not end while a test looks.
QUICK = {"hidden": "32", "batch_size": 32, "epochs": 1000}
_seeds = count(1)


class Lab:
    """The page in one tab of a browser, in a person's terms."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self._fresh: tuple[object, object] | None = None
        page.set_default_timeout(SECONDS * 1000)
        page.on("request", lambda request: self._asks(request.url))
        page.on("websocket", lambda socket: self._asks(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hears)

    def open(self, **settings: object) -> None:
        """Open the page, with settings in its address, and wait until all figures are drawn."""
        self.open_address(f"{self.server.url}/?{urlencode(settings)}")

    def open_address(self, address: str) -> None:
        self.until(lambda: self.server.answers, "the server answers")
        self.page.goto(address)
        # The first page of a server waits for torch as well.
        self.page.locator(".live-figure").first.wait_for(timeout=2000 * SECONDS)
        self.until_drawn()

    def open_fresh(self, **settings: object) -> None:
        """Open the page on a quick run that no other test has seen, at its first step."""
        self.open(**{**QUICK, "seed": next(_seeds), **settings})
        assert self.step == 0
        self.until_settled()
        self._fresh = settings, self._settings

    def fresh(self, **settings: object) -> None:
        """Have a quick run that no other test has seen, in the open page where that will do."""
        if self._fresh != (settings, self._settings):
            self.open_fresh(**settings)
            return
        self.page.keyboard.press("Escape")
        if self.playing:
            self.pause()
        before = self.server.newest()
        self.press("reset")
        self.until(lambda: self.server.newest() != before and self.step == 0, "a run begins")
        self.until_settled()

    def renew(self) -> None:
        """Leave a page in which something went wrong: a lost connection would fail every test."""
        self.page.goto("about:blank")
        self.errors.clear()
        self._fresh = None

    @property
    def _settings(self) -> dict[str, list[str]]:
        """What the address says of the run, but for its seed."""
        found = parse_qs(urlsplit(self.page.url).query)
        return {name: value for name, value in found.items() if name != "seed"}

    def _hears(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.errors.append(said.text)

    def _asks(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or url)

    def until(self, holds: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        """Wait until something holds; `what` is said where it never does."""
        for _ in range(int(seconds * 20)):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited {seconds} s until {what}; the page says:\n{self.text}")

    def until_settled(self) -> None:
        """Wait until the server has answered, so that the page shows what was asked for."""
        self.page.locator('[data-test-script-state="notRunning"]').wait_for()

    def until_drawn(self) -> None:
        self.until(lambda: all(map(self._is_drawn, FIGURES)), "all figures are drawn")

    def _is_drawn(self, key: str) -> bool:
        found = self.figure(key)
        if found.count() != 1:
            return False
        return self.redraws(key) > 0 or bool(found.get_attribute("data-empty"))

    def figure(self, key: str) -> Locator:
        return self.page.locator(f'[data-key="{key}"]')

    def redraws(self, key: str) -> int:
        return int(self.figure(key).get_attribute("data-redraws") or 0)

    def plotted(self, key: str, what: str) -> Any:
        """Return something of a figure as it is drawn, for example ``data[0].x``."""
        return self.figure(key).evaluate(f"figure => figure.{what}")

    @property
    def text(self) -> str:
        return self.page.locator("body").inner_text()

    def fact(self, name: str) -> str:
        """Return a number of the line on top."""
        cell = self.page.locator(".lab-facts div").filter(has_text=name)
        return str(cell.locator("b").inner_text())

    @property
    def step(self) -> int:
        return int(self.fact("Step").split("/")[0].replace(",", ""))

    def until_step(self, step: int) -> None:
        self.until(lambda: self.step >= step, f"step {step} is made")

    def button(self, key: str) -> Locator:
        """Return a button by its key in the code, such as ``play``, ``step 10``, ``reset``."""
        return self.widget(key).locator("button").first

    def press(self, key: str) -> None:
        self.button(key).click()

    def widget(self, name: str) -> Locator:
        """Return a widget by its key; one that the page itself set has the turn behind it.

        The first of them: while it gives way to another, both are there.
        """
        key = f"st-key-{name.replace(' ', '-')}"
        return self.page.locator(f'.{key}, [class*="{key}-turn-"]').first

    def choose(self, name: str, choice: str) -> None:
        """Choose from a list, by what is shown there."""
        option = self.page.get_by_role("option", name=choice, exact=True)
        for _ in range(10):
            self.widget(name).locator("input").click()
            # The page may be redrawn in that moment, and the list close.
            with suppress(LateError):
                option.click(timeout=SECONDS * 100)
                return
        raise AssertionError(f"{name} does not offer {choice}; the page says:\n{self.text}")

    def chosen(self, name: str) -> str:
        # For a moment there may be the widget before, and the one that takes its place.
        found = self.widget(name).locator("input")
        self.until(lambda: found.count() == 1, f"there is one {name}")
        return str(found.evaluate_all("inputs => inputs[0]?.value ?? ''"))

    def slider(self, name: str) -> Locator:
        return self.widget(name).locator("input")

    def place(self, name: str) -> str:
        """Return where a slider stands."""
        return self.slider(name).get_attribute("aria-valuetext") or ""

    def enter(self, name: str, text: str) -> None:
        """Write into a field and press Enter."""
        self.widget(name).locator("input").fill(text)
        self.widget(name).locator("input").press("Enter")

    def unfold(self, group: str) -> None:
        """Open a group of the sidebar, if it is folded."""
        found = self.page.get_by_test_id("stExpander").filter(has_text=group).first
        if found.locator("details").get_attribute("open") is None:
            found.locator("summary").click()

    @property
    def playing(self) -> bool:
        """Whether the button on top says Pause."""
        return self.button("pause").is_visible()

    def play(self) -> None:
        """Press Play and wait until steps are made."""
        before = self.step
        self.press("play")
        self.until_step(before + 1)

    def pause(self) -> None:
        # The run may come to its end in that very moment.
        with suppress(LateError):
            self.button("pause").click(timeout=SECONDS * 100)
        self.button("play").wait_for()

    def says(self, sentence: str) -> None:
        """Wait until a notice says something."""
        notice = self.page.get_by_test_id("stAlert").filter(has_text=sentence)
        notice.first.wait_for()

    def check(self) -> None:
        """Nothing may have gone wrong in the tab, nor any other host been asked."""
        if self.page.is_closed():
            return
        assert self.page.get_by_test_id("stException").count() == 0
        assert "Traceback" not in self.text
        assert self.errors == []
        assert self.hosts <= {"localhost"}

    def leave(self) -> None:
        """Close the tab, in which all must be well."""
        if not self.page.is_closed():
            try:
                self.check()
            finally:
                self.page.context.close()


Goes = Callable[[str, str], None]
Tabs = Callable[..., Lab]
