from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Locator

from tests.browser.lab import Lab

# A retried test finds the dataset of its first attempt, so each attempt needs a new name.
attempts = count()


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def stripes(count: int = 200) -> Any:
    """Generate images of 10 by 12 pixels in two classes: horizontal and vertical stripes."""
    rows, columns = np.mgrid[:10, :12]
    patterns = np.stack([rows % 2, columns % 2]) * 255
    return patterns[np.arange(count) % 2].astype(np.uint8)


def upload(lab: Lab, file: Path) -> Locator:
    """Upload a file, and return the preview."""
    lab.expand("More data")
    lab.widget("upload").locator("input[type=file]").set_input_files(file)
    preview = lab.page.get_by_role("dialog")
    preview.wait_for()
    return preview


def add(lab: Lab, name: str) -> None:
    """Name the uploaded images, and add them."""
    lab.enter("upload name", name)
    lab.press("add")


def test_uploaded_images_become_a_dataset_and_are_trained_on(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    labels = np.array(["across", "down"])[np.arange(200) % 2]
    name = f"stripes-{next(attempts)}"
    preview = upload(lab, npz(tmp_path / "stripes.npz", images=stripes(), labels=labels))
    preview.get_by_text("200, 12 by 10 pixels").wait_for()
    preview.get_by_text("across (100), down (100)").wait_for()
    preview.get_by_role("img", name="Some of your images").wait_for()
    add(lab, name)
    lab.wait_until(lambda: lab.selected("dataset") == name, "a run on the stripes starts")
    lab.wait_until(lambda: lab.step == 0, "the run is shown")
    lab.press("step 10")
    lab.wait_for_step(10)
    lab.wait_until(lambda: lab.selected("dataset") == name, "the page shows the stripes")
    classes = lab.plot_value("latent-map", "_fullData.filter(t => t.visible).map(t => t.name)")
    assert {"across", "down"} <= set(classes)


def test_preview_follows_the_options_and_can_be_cancelled(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    run = lab.run
    images = np.full((200, 12, 12), 255, np.uint8)
    images[:, 3:9, 3:9] = stripes()[:, :6, :6]
    preview = upload(lab, npz(tmp_path / "light.npz", images=images))
    preview.get_by_text("Dark on light").wait_for()
    lab.widget("upload invert").locator("label").click()
    preview.get_by_text("Dark on light").wait_for(state="hidden")
    lab.enter("upload size", "16x20")
    preview.get_by_text("200, 16 by 20 pixels").wait_for()
    lab.press("cancel upload")
    preview.wait_for(state="hidden")
    assert lab.run == run
    own = lab.server.data / "own"
    assert not own.exists() or not [path for path in own.iterdir() if "light" in path.name]


def test_invalid_upload_is_rejected_and_training_continues(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    lab.play()
    run = lab.run
    images = stripes().astype(np.float32)
    images[3, 2, 1] = np.nan
    preview = upload(lab, npz(tmp_path / "holes.npz", images=images))
    preview.get_by_text("contains pixels that are not finite (NaN or infinite)").wait_for()
    assert lab.button("add").is_disabled()
    lab.press("cancel upload")
    preview.wait_for(state="hidden")
    lab.wait_for_step(lab.step + 1)
    assert lab.run == run
    assert not (lab.server.data / "own" / "holes").exists()


def test_file_of_another_format_is_named_for_what_it_is(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    file = tmp_path / "letter.npz"
    file.write_text("<!DOCTYPE html><html>Sign in</html>")
    preview = upload(lab, file)
    preview.get_by_text("letter.npz is a web page").wait_for()
    lab.press("cancel upload")
    preview.wait_for(state="hidden")


def test_download_without_network_shows_an_error(lab: Lab) -> None:
    lab.ensure_fresh_run()
    run = lab.run
    lab.expand("More data")
    lab.press("download mnist")
    lab.wait_for_notice("cannot be reached")
    assert lab.run == run
    lab.press("step 1")
    lab.wait_for_step(1)
