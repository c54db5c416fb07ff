from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aecore import data
from aecore.errors import LabError
from dashboard.shell import own_datasets, upload_preview
from dashboard.state import active_run, keys
from dashboard.state.additions import additions
from tests.dashboard.support import OpenPage
from tests.support import until


def upload(count: int = 60) -> bytes:
    file = BytesIO()
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8), np.uint8)
    np.savez(file, images=images, labels=np.arange(count) % 2)
    return file.getvalue()


def choose(page: Any, *files: tuple[str, bytes]) -> None:
    """Upload files, and wait for the preview."""
    chosen = [(name, content, "application/octet-stream") for name, content in files]
    page.file_uploader(key="upload turn 0").set_value(chosen).run()
    finish(page)


def finish(page: Any) -> None:
    """Wait for the task to end, and rerun the page unless it has noticed already."""
    until(lambda: not additions().running)
    if keys.ADDING in page.session_state:
        page.run()


def text(page: Any) -> str:
    return " ".join(each.value.replace("\\", "") for each in page.markdown)


def test_uploaded_images_are_previewed_and_then_added(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, ("my images.npz", upload()))
    assert not page.exception
    assert "60, 8 by 8 pixels" in text(page)
    assert "0 (30), 1 (30)" in text(page)
    assert data.available() == ("digits", "strokes")
    assert page.text_input(key="upload name").value == "my-images"
    page.text_input(key="upload name").set_value("mine").run()
    page.button(key="add").click().run()
    assert not page.exception
    assert active_run.live().config.dataset == "mine"
    assert len(data.load("mine").images) == 48
    assert keys.PREVIEW not in page.session_state


def test_name_typed_just_before_add_is_pressed_is_used(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, ("my images.npz", upload()))
    page.text_input(key="upload name").set_value("mine")
    page.button(key="add").click().run()
    assert data.available() == ("digits", "strokes", "mine")


def test_option_changed_just_before_add_is_pressed_is_shown_first(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, ("my images.npz", upload()))
    page.text_input(key="upload size").set_value("12x10")
    page.button(key="add").click().run()
    finish(page)
    assert data.available() == ("digits", "strokes")
    assert "60, 12 by 10 pixels" in text(page)


def test_cancelled_upload_adds_nothing(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, ("mine.npz", upload()))
    page.button(key="cancel upload").click().run()
    assert not page.exception
    assert data.available() == ("digits", "strokes")
    assert not any(button.key == "add" for button in page.button)
    assert not page.file_uploader(key="upload turn 1").value


def test_options_of_the_preview_read_the_files_again(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, ("mine.npz", upload()))
    page.text_input(key="upload size").set_value("12x10").run()
    finish(page)
    assert "60, 12 by 10 pixels" in text(page)
    page.text_input(key="upload size").set_value("300").run()
    assert "Size is 300; choose 4 to 128 pixels" in page.error[0].value


def test_upload_that_cannot_be_read_leaves_the_run_unchanged(open_page: OpenPage) -> None:
    page = open_page()
    run = active_run.live().run
    choose(page, ("mine.npz", upload(3)))
    assert "too few images (3)" in page.error[0].value
    assert page.button(key="add").disabled
    assert active_run.live().run is run


def test_taken_name_is_refused_or_replaced(open_page: OpenPage) -> None:
    data.add(BytesIO(upload(100)), "mine")
    page = open_page()
    choose(page, ("other.npz", upload()))
    page.text_input(key="upload name").set_value("mine").run()
    page.button(key="add").click().run()
    assert "already exists" in page.error[0].value
    page.checkbox(key="upload replace").check().run()
    page.button(key="add").click().run()
    assert not page.exception
    assert len(data.load("mine").images) == 48


def test_several_pictures_are_one_upload(open_page: OpenPage) -> None:
    page = open_page()
    pictures = []
    for number in range(60):
        file = BytesIO()
        Image.new("L", (8, 8), 255 if number % 2 else 0).save(file, "PNG")
        pictures.append((f"{number}.png", file.getvalue()))
    choose(page, *pictures)
    assert "60, 8 by 8 pixels" in text(page)


def test_own_dataset_is_renamed_and_removed(open_page: OpenPage) -> None:
    data.add(BytesIO(upload()), "mine")
    page = open_page()
    page.selectbox(key="own dataset").select("mine").run()
    page.text_input(key="rename mine").set_value("renamed").run()
    page.button(key="rename dataset").click().run()
    assert not page.exception
    assert "renamed" in data.available()
    page.selectbox(key="own dataset").select("renamed").run()
    page.button(key="remove dataset").click().run()
    assert not page.exception
    assert data.available() == ("digits", "strokes")


def test_dataset_chosen_just_before_remove_is_pressed_is_removed(open_page: OpenPage) -> None:
    for name in ("first", "second"):
        data.add(BytesIO(upload()), name)
    page = open_page()
    page.selectbox(key="own dataset").select("first").run()
    page.selectbox(key="own dataset").select("second")
    page.button(key="remove dataset").click().run()
    assert data.available() == ("digits", "strokes", "first")


def test_dataset_in_use_is_neither_renamed_nor_removed(open_page: OpenPage) -> None:
    data.add(BytesIO(upload(150)), "mine")
    page = open_page(dataset="mine", train_size=100, hidden="8")
    page.selectbox(key="own dataset").select("mine").run()
    assert page.button(key="rename dataset").disabled
    assert page.button(key="remove dataset").disabled
    with pytest.raises(LabError, match="in view or in training"):
        own_datasets._check_unused("mine")


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


def test_preview_stays_closed_after_cancel(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, ("my images.npz", upload()))
    # The field is reported with the press, as by a browser that leaves it by pressing the button.
    page.text_input(key="upload size").set_value("12x10")
    page.button(key="cancel upload").click().run()
    until(lambda: not additions().running)
    page.run()
    page.run()
    assert not page.error
    assert keys.PREVIEW not in page.session_state


def test_option_reported_after_cancel_reads_nothing(open_page: OpenPage) -> None:
    open_page()
    before = additions().task
    upload_preview._reread()
    assert additions().task is before
