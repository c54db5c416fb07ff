"""The page without a browser: scripts run and widgets answer, JavaScript does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.state import active_run
from dashboard.state.background import background_cache
from tests.dashboard.support import Goes, Open

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
QUICK = {"hidden": "16", "batch_size": "128"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the dashboard to empty folders; return that of the runs."""
    monkeypatch.setenv("AECORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    return tmp_path / "runs"


@pytest.fixture
def open_page(root: Path) -> Iterator[Open]:
    """Give a function that opens the page with settings in its address, on a server just started.

    A small network is asked for unless the address says otherwise.
    """
    active_run.active_run.clear()

    def opened(**settings: object) -> AppTest:
        page = AppTest.from_file(APP, default_timeout=120)
        for name, value in {**QUICK, **settings}.items():
            page.query_params[name] = str(value)
        return page.run()

    yield opened
    active_run.active_run().close()
    active_run.active_run.clear()


@pytest.fixture
def open_view(root: Path) -> Iterator[Open]:
    """Give a function that opens one page alone by its name, on a server just started.

    A small network is asked for unless the settings say otherwise.
    """
    active_run.active_run.clear()
    background_cache.clear()

    def opened(name: str, **settings: object) -> AppTest:
        script = f"from dashboard.views.{name} import page\npage.show()"
        page = AppTest.from_string(script, default_timeout=120)
        for knob, value in {**QUICK, **settings}.items():
            page.query_params[knob] = str(value)
        return page.run()

    yield opened
    active_run.active_run().close()
    active_run.active_run.clear()
    background_cache().close()
    background_cache.clear()


@pytest.fixture
def goes() -> Goes:
    """Give a function that goes to another page by its name, as the navigation does."""

    def go(page: AppTest, name: str) -> AppTest:
        # AppTest switches to pages that are files only, and these are functions.
        page._page_hash = calc_hash(name)
        page.run()
        page._page_hash = ""
        return page

    return go
