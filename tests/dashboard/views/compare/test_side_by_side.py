"""Runs side by side on the Compare page without a browser."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aecore.config import Config
from aecore.data import Dataset
from dashboard.state import active_run, cached
from tests.support import trained

SCRIPT = """
from aecore.runs import index
from dashboard.state import active_run
from dashboard.views.compare.side_by_side import side_by_side

side_by_side(index.index(active_run.root()))
"""


@pytest.fixture
def runs(root: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Train two runs on a dataset."""
    active_run.sessions.clear()
    monkeypatch.setattr(cached, "dataset", lambda name: small)
    for name in ("first", "second"):
        trained(root / name, small, quick.changed(dataset="small"), 4)
    return root


def compare() -> AppTest:
    return AppTest.from_string(SCRIPT, default_timeout=60).run()


def texts(page: AppTest) -> str:
    return " ".join(each.value for each in (*page.caption, *page.error))


def test_runs_on_the_same_images_are_linked(runs: Path) -> None:
    page = compare()
    assert (list(page.exception), list(page.error)) == ([], [])
    assert "not linked" not in texts(page)
    assert "hidden" not in texts(page)


def test_run_on_images_that_were_replaced_is_not_compared_by_its_pictures(
    runs: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the dataset and its labels are the same."""
    changed = replace(small, test_images=small.test_images[::-1])
    trained(runs / "third", changed, quick.changed(dataset="small"), 4)
    monkeypatch.setattr(cached, "dataset", lambda name: changed)
    page = compare()
    assert (list(page.exception), list(page.error)) == ([], [])
    assert "other dataset, not linked" in texts(page)
    assert "Runs on other datasets are hidden." in texts(page)


def test_change_of_the_images_is_named(
    runs: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(small, test_images=small.test_images[::-1])
    monkeypatch.setattr(cached, "dataset", lambda name: changed)
    page = compare()
    assert not page.exception
    assert "The dataset small has changed since this run was trained on it." in texts(page)
