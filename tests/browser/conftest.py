"""Fixtures for a server, a browser and its tabs; without a browser, these tests are skipped."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, sync_playwright

from tests.browser import chromium
from tests.browser.lab import GoToPage, Lab, OpenTab
from tests.browser.server import Server

HERE = Path(__file__).parent
VIEWPORT: ViewportSize = {"width": 1400, "height": 1000}
RETRIES = int(os.environ.get("AECORE_BROWSER_RETRIES") or 0)
"""Number of retries of a failed test: waits may time out on a machine that others use too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark browser tests for retries if the environment asks for them."""
    for item in items:
        if RETRIES and HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=RETRIES))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Provide a browser; without one, skip the test, or fail it if the environment requires one."""
    if chromium.find() is None:
        if os.environ.get("AECORE_REQUIRE_BROWSER"):
            pytest.fail(f"{chromium.MISSING}, or unset AECORE_REQUIRE_BROWSER")
        pytest.skip(chromium.MISSING)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Provide a dashboard shared by all tests; each opens it on a run of its own."""
    server = Server(tmp_path_factory.mktemp("lab"))
    server.start()
    yield server
    assert server.stop() == 0


@pytest.fixture
def own_server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """Provide a dashboard in empty folders for one test, not yet started."""
    server = Server(tmp_path)
    yield server
    if server.running:
        server.stop()
    assert server.logged_errors() == []


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Provide a browser context that has loaded the scripts of the shared server before."""
    context = browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def open_tab(browser: Browser, context: BrowserContext) -> Iterator[OpenTab]:
    """Provide a function that opens a tab, with options in a browser context of its own."""
    tabs: list[Lab] = []
    contexts: list[BrowserContext] = []

    def open_tab(server: Server, **options: Any) -> Lab:
        if options:
            contexts.append(browser.new_context(viewport=VIEWPORT, **options))
        tabs.append(Lab((contexts[-1] if options else context).new_page(), server))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.leave_run()
        tab.close()
    for each in contexts:
        each.close()


@pytest.fixture(scope="module")
def module_tab(context: BrowserContext, server: Server) -> Iterator[Lab]:
    """Provide a tab for all tests of a module: loading a page takes longer than most tests."""
    tab = Lab(context.new_page(), server)
    yield tab
    tab.leave_run()
    tab.close()


@pytest.fixture
def lab(module_tab: Lab, server: Server, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Provide the module's tab as the previous test left it; a retry starts with an empty page."""
    if module_tab.errors or getattr(request.node, "execution_count", 1) > 1:
        module_tab.discard_page()
    before = len(server.logged_errors()) if server.log.exists() else 0
    yield module_tab
    module_tab.check()
    assert server.logged_errors()[before:] == []


@pytest.fixture
def go_to_page(lab: Lab) -> GoToPage:
    """Provide a function that opens a page and waits until one of its figures is drawn."""

    def go(name: str, key: str) -> None:
        if lab.page.url == "about:blank":
            lab.open_fresh_run(noise=0.3)
            lab.press("step epoch")
            lab.wait_for_step(41)
        lab.page.get_by_role("link", name=name).click()
        lab.wait_until(
            lambda: lab.figure(key).count() == 1 and lab.redraws(key) > 0, f"{key} is drawn"
        )
        lab.wait_until_settled()

    return go
