"""Run pages without a browser: scripts and widgets work, JavaScript does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.server.guard import Guard
from dashboard.state import active_run, sessions
from dashboard.state.background import background_cache
from tests.dashboard.support import GoToPage, OpenPage

APP = Path(__file__).parents[2] / "dashboard" / "script.py"
QUICK = {"hidden": "16", "batch_size": "128"}


@pytest.fixture(autouse=True)
def one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the test's own thread look at the session that AppTest runs; wait for runs to start."""
    monkeypatch.setattr(sessions, "session_id", lambda: "test")
    monkeypatch.setattr(sessions, "START_SECONDS", 60.0)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the dashboard to empty folders; return the runs folder."""
    monkeypatch.setenv("AECORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    return tmp_path / "runs"


@pytest.fixture(autouse=True)
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the script run, although no server with a guard shows it."""
    monkeypatch.setattr(Guard, "installed", True)


@pytest.fixture
def open_page(root: Path) -> Iterator[OpenPage]:
    """Return a function that opens the app with settings in its URL, on a fresh server.

    Unless the URL says otherwise, the network is small.
    """
    active_run.sessions.clear()

    def open_with(**settings: object) -> AppTest:
        page = AppTest.from_file(APP, default_timeout=120)
        for name, value in {**QUICK, **settings}.items():
            page.query_params[name] = str(value)
        return page.run()

    yield open_with
    active_run.runs().close_all()
    active_run.sessions.clear()


@pytest.fixture
def open_view(root: Path) -> Iterator[OpenPage]:
    """Return a function that opens a single page by name with some settings, on a fresh server.

    Unless the settings say otherwise, the network is small.
    """
    active_run.sessions.clear()
    background_cache.clear()

    def open_with(name: str, **settings: object) -> AppTest:
        script = f"from dashboard.views.{name} import page\npage.show()"
        page = AppTest.from_string(script, default_timeout=120)
        for knob, value in {**QUICK, **settings}.items():
            page.query_params[knob] = str(value)
        return page.run()

    yield open_with
    active_run.runs().close_all()
    active_run.sessions.clear()
    background_cache().close()
    background_cache.clear()


@pytest.fixture
def go_to_page() -> GoToPage:
    """Return a function that switches to another page by name, as the navigation does."""

    def go(page: AppTest, name: str) -> AppTest:
        # AppTest can only switch to pages that are files; these are functions.
        page._page_hash = calc_hash(name)
        page.run()
        page._page_hash = ""
        return page

    return go
