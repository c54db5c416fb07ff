"""Tidying up on the Compare page without a browser."""

from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs import trash
from aecore.runs.run import Run
from aecore.runs.tidy import FRAMES_KEPT, find_savings
from tests.dashboard.support import OpenPage
from tests.support import trained


@pytest.fixture
def runs(root: Path, small: Dataset, quick: Config) -> Path:
    """Put a finished run into the folder of runs, and another into the trash."""
    for name in ("finished", "deleted"):
        trained(root / name, small, quick, 24)
    trash.move(root, "deleted")
    return root


def test_nothing_is_deleted_before_the_second_click(runs: Path, open_view: OpenPage) -> None:
    page = open_view("compare")
    assert not page.exception
    page.button(key="tidy up").click().run()
    megabytes = find_savings(runs).bytes / 2**20
    (text,) = (each.value for each in page.markdown if "This cannot be undone" in each.value)
    assert f"keeps {FRAMES_KEPT} of its saved steps" in text
    assert "1 run in the trash is deleted" in text
    assert page.button(key="free").label == f"Free {megabytes:.1f} MB"
    page.button(key="keep everything").click().run()
    assert list(trash.sizes(runs)) == ["deleted"]
    assert len(Run(runs / "finished").frames()) > FRAMES_KEPT

    page.button(key="tidy up").click().run()
    page.button(key="free").click().run()
    assert not page.exception
    assert [each.value for each in page.toast] == [f"Freed {megabytes:.1f} MB."]
    assert trash.sizes(runs) == {}
    assert len(Run(runs / "finished").frames()) == FRAMES_KEPT

    page.button(key="tidy up").click().run()
    assert any("There is nothing to free" in each.value for each in page.markdown)


def test_undo_is_not_offered_for_what_was_deleted_for_good(runs: Path, open_view: OpenPage) -> None:
    page = open_view("compare")
    page.session_state["trashed"] = ["deleted"]
    page.run()
    assert page.button(key="undo delete")
    page.button(key="tidy up").click().run()
    page.button(key="free").click().run()
    assert not page.exception
    assert "undo delete" not in [each.key for each in page.button]


def test_any_run_in_the_trash_can_be_restored(runs: Path, open_view: OpenPage) -> None:
    trash.move(runs, "finished")
    page = open_view("compare")
    assert "undo delete" not in [each.key for each in page.button]
    assert page.button(key="restore runs").disabled
    page.multiselect(key="deleted runs").select("finished").run()
    page.button(key="restore runs").click().run()
    assert not page.exception
    assert [each.value for each in page.toast] == ["Restored: finished."]
    assert list(trash.sizes(runs)) == ["deleted"]
    assert Run(runs / "finished").summary()["step"] == 24
    assert page.multiselect(key="deleted runs").value == []


def test_chosen_runs_are_deleted_permanently(runs: Path, open_view: OpenPage) -> None:
    trash.move(runs, "finished")
    page = open_view("compare")
    page.multiselect(key="deleted runs").select("deleted").run()
    page.button(key="delete permanently").click().run()
    assert not page.exception
    assert list(trash.sizes(runs)) == ["finished"]
    page.multiselect(key="deleted runs").select("finished").run()
    page.button(key="delete permanently").click().run()
    assert trash.sizes(runs) == {}
    assert "restore runs" not in [each.key for each in page.button]


def test_runs_chosen_just_before_the_button_is_pressed_are_deleted(
    runs: Path, open_view: OpenPage
) -> None:
    trash.move(runs, "finished")
    page = open_view("compare")
    page.multiselect(key="deleted runs").select("deleted").run()
    page.multiselect(key="deleted runs").set_value(["finished"])
    page.button(key="delete permanently").click().run()
    assert not page.exception
    assert list(trash.sizes(runs)) == ["deleted"]
