"""A server, a browser, and tabs in it; without a browser the tests that need one are skipped."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser import chromium
from tests.browser.lab import Goes, Lab, Tabs
from tests.browser.server import Server

HERE = Path(__file__).parent
RETRIES = int(os.environ.get("AECORE_BROWSER_RETRIES") or 0)
"""How often a failed test is tried again: a wait may run out where others use the machine too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of the page be tried again, if the environment says so."""
    for item in items:
        if RETRIES and HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=RETRIES))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a browser; without one the test is skipped, or fails if the environment says so."""
    if chromium.find() is None:
        if os.environ.get("AECORE_REQUIRE_BROWSER"):
            pytest.fail(f"{chromium.MISSING}, or unset AECORE_REQUIRE_BROWSER")
        pytest.skip(chromium.MISSING)
    with sync_playwright() as playwright:
        opened = chromium.launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a dashboard that tests share; each opens it on a run of its own."""
    started = Server(tmp_path_factory.mktemp("lab"))
    started.start()
    yield started
    assert started.stop() == 0


@pytest.fixture
def own_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """Give a dashboard in empty folders that a test has for itself, not yet started."""
    made = Server(tmp_path)
    yield made
    if made.running:
        made.stop()
    assert made.complaints() == []


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Tabs]:
    """Give a function that opens a tab in a browser that knows nothing yet."""
    opened: list[Lab] = []

    def tab(server: Server, **options: Any) -> Lab:
        context = browser.new_context(viewport={"width": 1400, "height": 1000}, **options)
        opened.append(Lab(context.new_page(), server))
        return opened[-1]

    yield tab
    for each in opened:
        each.leave()


@pytest.fixture(scope="module")
def tab(browser: Browser, server: Server) -> Iterator[Lab]:
    """Give a tab on the shared dashboard: loading a page takes longer than most tests."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    opened = Lab(context.new_page(), server)
    yield opened
    opened.leave()


@pytest.fixture
def lab(tab: Lab, server: Server, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give the module's tab, wherever the test before left it; another try has an empty page."""
    if tab.errors or getattr(request.node, "execution_count", 1) > 1:
        tab.renew()
    before = len(server.complaints()) if server.log.exists() else 0
    yield tab
    tab.check()
    assert server.complaints()[before:] == []


@pytest.fixture
def goes(lab: Lab) -> Goes:
    """Give a function that goes to a page, and waits until a figure of it is drawn."""

    def go(name: str, key: str) -> None:
        if lab.page.url == "about:blank":
            lab.open_fresh(noise=0.3)
            lab.press("step epoch")
            lab.until_step(45)
        lab.page.get_by_role("link", name=name).click()
        lab.until(lambda: lab.figure(key).count() == 1 and lab.redraws(key) > 0, f"{key} is drawn")
        lab.until_settled()

    return go
