from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

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


def upload(lab: Lab, file: Path, name: str) -> None:
    lab.page.get_by_role("button", name="More data").click()
    lab.widget("upload").locator("input[type=file]").set_input_files(file)
    lab.widget("upload").get_by_text(file.name).wait_for()
    lab.enter("upload name", name)
    lab.wait_until(lambda: lab.button("add").is_enabled(), "the images can be added")
    lab.press("add")


def test_uploaded_images_become_a_dataset_and_are_trained_on(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    labels = np.array(["across", "down"])[np.arange(200) % 2]
    name = f"stripes-{next(attempts)}"
    upload(lab, npz(tmp_path / "stripes.npz", images=stripes(), labels=labels), name)
    lab.wait_until(lambda: lab.selected("dataset") == name, "a run on the stripes starts")
    lab.wait_until(lambda: lab.step == 0, "the run is shown")
    lab.page.keyboard.press("Escape")
    lab.press("step 10")
    lab.wait_for_step(10)
    lab.wait_until(lambda: lab.selected("dataset") == name, "the page shows the stripes")
    classes = lab.plot_value("latent-map", "_fullData.filter(t => t.visible).map(t => t.name)")
    assert {"across", "down"} <= set(classes)


def test_invalid_upload_is_rejected_and_training_continues(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    lab.play()
    run = lab.run
    images = stripes().astype(np.float32)
    images[3, 2, 1] = np.nan
    upload(lab, npz(tmp_path / "holes.npz", images=images), "holes")
    lab.wait_for_notice("contains pixels that are not finite (NaN or infinite)")
    lab.wait_for_step(lab.step + 1)
    assert lab.run == run
    assert not (lab.server.data / "own" / "holes").exists()


def test_file_of_another_format_is_rejected(lab: Lab, tmp_path: Path) -> None:
    lab.ensure_fresh_run()
    file = tmp_path / "letter.npz"
    file.write_text("Dear network,")
    upload(lab, file, "letter")
    lab.page.get_by_test_id("stAlert").filter(has_text="letter.npz").first.wait_for()
    assert not (lab.server.data / "own" / "letter").exists()


def test_download_without_network_shows_an_error(lab: Lab) -> None:
    lab.ensure_fresh_run()
    run = lab.run
    lab.page.get_by_role("button", name="More data").click()
    lab.press("download mnist")
    lab.wait_for_notice("cannot be reached")
    assert lab.run == run
    lab.page.keyboard.press("Escape")
    lab.press("step 1")
    lab.wait_for_step(1)
