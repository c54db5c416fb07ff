from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from aecore import data
from dashboard.state import active_run, keys
from dashboard.state.additions import additions
from tests.dashboard.support import OpenPage
from tests.support import until


def upload(count: int = 60) -> bytes:
    file = BytesIO()
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8), np.uint8)
    np.savez(file, images=images, labels=np.arange(count) % 2)
    return file.getvalue()


def add(page: Any, file: bytes) -> None:
    page.file_uploader(key="upload").set_value(("mine.npz", file, "application/zip")).run()
    page.text_input(key="upload name").set_value("mine").run()
    page.button(key="add").click().run()
    finish(page)


def finish(page: Any) -> None:
    """Wait for the task to end, and rerun the page unless it has noticed already."""
    until(lambda: not additions().running)
    if keys.ADDING in page.session_state:
        page.run()


def test_added_images_become_the_current_dataset(open_page: OpenPage) -> None:
    page = open_page()
    add(page, upload())
    assert not page.exception
    assert active_run.live().config.dataset == "mine"
    assert len(data.load("mine").images) == 48


def test_failed_addition_leaves_the_run_unchanged(open_page: OpenPage) -> None:
    page = open_page()
    run = active_run.live().run
    add(page, upload(3))
    assert "too few images (3)" in page.error[0].value
    assert active_run.live().run is run


def test_download_reports_progress_and_can_be_cancelled(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(name: str, *, progress: Callable[[int, int], None]) -> None:
        while True:
            progress(1, 4)

    page = open_page()
    monkeypatch.setattr(data, "download", download)
    page.button(key="download fashion_mnist").click().run()
    task = additions().task
    assert task is not None
    until(lambda: task.progress == 0.25)
    page.button(key="cancel adding").click().run()
    finish(page)
    assert "cancelled" in page.error[0].value
    assert active_run.live().config.dataset == "digits"
