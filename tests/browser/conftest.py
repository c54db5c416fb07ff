"""A dashboard as a person starts it, a browser, and what a person does with both."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = float(os.environ.get("S") or 60.0)
FIGURES = ("loss-curve", "latent-map", "code-activity", "reconstructions")
# A network that makes a step in a moment, and a run that does not end while a test looks.
QUICK = {"hidden": "32", "batch_size": 32, "epochs": 1000}
_seeds = count(1)


class Server:
    """A dashboard in folders of its own, started and stopped as a person does."""

    def __init__(self, folder: Path) -> None:
        self.runs, self.data, self.log = folder / "runs", folder / "data", folder / "log"
        self.data.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "AECORE_RUNS": str(self.runs),
            "AECORE_DATA": str(self.data),
            "OMP_WAIT_POLICY": "PASSIVE",
            # Whatever asks for another host is refused at once.
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
            "no_proxy": "localhost",
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://localhost:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py"]
        options = ["--server.headless", "true", "--server.port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command + options, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def stop(self) -> int:
        """Press Ctrl-C, and return the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(SECONDS)
        finally:
            self._process.kill()
            self._process.wait()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def newest(self) -> Path:
        """Return the folder of the run last saved."""
        return max(self.runs.glob("*/run.json"), key=lambda each: each.stat().st_mtime_ns).parent

    def config(self) -> Mapping[str, Any]:
        """Return the settings that the newest run was started with."""
        return dict(json.loads((self.newest() / "config.json").read_text()))

    def saved(self) -> Mapping[str, Any]:
        """Return where the newest run stands, and how it came there."""
        return dict(json.loads((self.newest() / "checkpoint" / "state.json").read_text()))

    def now(self) -> Mapping[str, Any]:
        """Return the settings of the newest run as changed so far."""
        return dict(self.saved()["config"])

    def complaints(self) -> list[str]:
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if "Traceback" in line or "Error" in line]


class Lab:
    """The page in one tab of a browser, in a person's terms."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server = page, server
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        page.set_default_timeout(SECONDS * 1000)
        page.on("request", lambda request: self._asks(request.url))
        page.on("websocket", lambda socket: self._asks(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: said.type == "error" and self.errors.append(said.text))

    def open(self, **settings: object) -> None:
        """Open the page, with settings in its address, and wait until all figures are drawn."""
        self.open_address(f"{self.server.url}/?{urlencode(settings)}")

    def open_address(self, address: str) -> None:
        self.until(lambda: self._answers(address), "the server answers")
        # The first page of a server waits for torch as well.
        self.page.locator(".live-figure").first.wait_for(timeout=2000 * SECONDS)
        self.until_drawn()

    def open_fresh(self, **settings: object) -> None:
        """Open the page on a quick run that no other test has seen, at its first step."""
        self.open(**{**QUICK, "seed": next(_seeds), **settings})
        assert self.step == 0

    def _asks(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.hostname or url)

    def _answers(self, address: str) -> bool:
        try:
            self.page.goto(address)
        except BrowserError as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            return False
        return True

    def until(self, holds: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
        """Wait until something holds; `what` is said where it never does."""
        for _ in range(int(seconds * 20)):
            if holds():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"waited {seconds} s until {what}; the page says:\n{self.text}")

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
        return self.page.locator(f".st-key-{name.replace(' ', '-')}")

    def choose(self, name: str, choice: str) -> None:
        """Choose from a list, by what is shown there."""
        self.widget(name).locator("input").click()
        self.page.get_by_role("option", name=choice, exact=True).click()

    def chosen(self, name: str) -> str:
        return self.widget(name).locator("input").input_value()

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

    def play(self) -> None:
        """Press Play and wait until steps are made."""
        before = self.step
        self.press("play")
        self.until_step(before + 1)

    def pause(self) -> None:
        self.press("pause")
        self.button("play").wait_for()

    def says(self, sentence: str) -> None:
        """Wait until a notice says something."""
        notice = self.page.get_by_test_id("stAlert").filter(has_text=sentence)
        notice.first.wait_for()

    def leave(self) -> None:
        """Close the tab; nothing may have gone wrong in it, nor any other host been asked."""
        if self.page.is_closed():
            return
        exceptions = self.page.get_by_test_id("stException").count()
        text = self.text
        self.page.context.close()
        assert exceptions == 0
        assert "Traceback" not in text
        assert self.errors == []
        assert self.hosts <= {"localhost"}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where the browser is; without one the test is skipped, or fails if that is asked."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    reason = "no browser: install one with `apt-get install chromium`"
    if os.environ.get("AECORE_REQUIRE_BROWSER"):
        pytest.fail(f"{reason}, or unset AECORE_REQUIRE_BROWSER")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a dashboard that tests share; each opens it on a run of its own."""
    started = Server(tmp_path_factory.mktemp("lab"))
    started.start()
    yield started
    assert started.stop() == 0


@pytest.fixture
def own_server(chromium: str, tmp_path: Path) -> Iterator[Server]:
    """Give a dashboard in empty folders that a test has for itself, not yet started."""
    made = Server(tmp_path)
    yield made
    if made.running:
        made.stop()
    assert made.complaints() == []


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Callable[..., Lab]]:
    """Give a function that opens a tab in a browser that knows nothing yet."""
    opened: list[Lab] = []

    def tab(server: Server, **options: Any) -> Lab:
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, **options)
        opened.append(Lab(context.new_page(), server))
        return opened[-1]

    yield tab
    for each in opened:
        each.leave()


@pytest.fixture
def lab(tabs: Callable[..., Lab], server: Server) -> Iterator[Lab]:
    """Give a tab on the shared dashboard, not yet opened."""
    before = len(server.complaints()) if server.log.exists() else 0
    yield tabs(server)
    assert server.complaints()[before:] == []


@pytest.fixture(scope="module")
def shared_lab(browser: Browser, server: Server) -> Iterator[Lab]:
    """Give a tab that many small tests share; each begins a run of its own in it."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    opened = Lab(context.new_page(), server)
    opened.open_fresh()
    yield opened
    opened.leave()
