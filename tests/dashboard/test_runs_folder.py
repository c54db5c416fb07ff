"""Where the folder of runs is a file, or cannot be written to, each page says so."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aecore import files
from dashboard.pages import PAGES
from tests.dashboard.support import GoToPage, OpenPage


def errors_on_all_pages(page: AppTest, go_to_page: GoToPage) -> list[list[str]]:
    """Return the errors of each page; none shows an exception."""
    errors = []
    for name in PAGES:
        go_to_page(page, name)
        assert not page.exception
        errors.append([error.value for error in page.error])
    return errors


def test_every_page_says_that_the_folder_of_runs_is_a_file(
    open_page: OpenPage, go_to_page: GoToPage, root: Path
) -> None:
    root.write_text("")
    for errors in errors_on_all_pages(open_page(), go_to_page):
        assert errors[0].startswith(f"{root} cannot be used as the folder of runs")
    root.unlink()


def test_every_page_says_that_the_folder_of_runs_cannot_be_written(
    open_page: OpenPage, go_to_page: GoToPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "TemporaryFile", refuse)
    for errors in errors_on_all_pages(open_page(), go_to_page):
        assert "set AECORE_RUNS to a folder" in errors[0]
