from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from tests.browser.lab import Lab

# A test that is tried again finds the images of the first time.
attempts = count()


def npz(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def stripes(count: int = 200) -> Any:
    """Draw images of 10 by 12 pixels in two classes: stripes across, stripes down."""
    rows, columns = np.mgrid[:10, :12]
    kinds = np.stack([rows % 2, columns % 2]) * 255
    return kinds[np.arange(count) % 2].astype(np.uint8)


def upload(lab: Lab, file: Path, name: str) -> None:
    lab.page.get_by_role("button", name="More data").click()
    lab.widget("upload").locator("input[type=file]").set_input_files(file)
    lab.widget("upload").get_by_text(file.name).wait_for()
    lab.enter("upload name", name)
    lab.until(lambda: lab.button("add").is_enabled(), "the images can be added")
    lab.press("add")


def test_own_images_are_taken_up_and_learnt_from(lab: Lab, tmp_path: Path) -> None:
    lab.fresh()
    labels = np.array(["across", "down"])[np.arange(200) % 2]
    name = f"stripes-{next(attempts)}"
    upload(lab, npz(tmp_path / "stripes.npz", images=stripes(), labels=labels), name)
    lab.until(lambda: lab.server.config()["dataset"] == name, "a run with stripes begins")
    lab.until(lambda: lab.step == 0, "it is shown")
    lab.page.keyboard.press("Escape")
    lab.press("step 10")
    lab.until_step(10)
    lab.until(lambda: lab.chosen("dataset") == name, "the page shows the stripes")
    named = lab.plotted("latent-map", "_fullData.filter(t => t.visible).map(t => t.name)")
    assert {"across", "down"} <= set(named)


def test_a_bad_upload_is_refused_and_the_run_goes_on(lab: Lab, tmp_path: Path) -> None:
    lab.fresh()
    lab.play()
    run = lab.server.newest()
    images = stripes().astype(np.float32)
    images[3, 2, 1] = np.nan
    upload(lab, npz(tmp_path / "holes.npz", images=images), "holes")
    lab.says("contains pixels that are not finite (NaN or infinite)")
    lab.until_step(lab.step + 1)
    assert lab.server.newest() == run
    assert not (lab.server.data / "own" / "holes").exists()


def test_a_file_that_is_something_else_is_refused(lab: Lab, tmp_path: Path) -> None:
    lab.fresh()
    file = tmp_path / "letter.npz"
    file.write_text("Dear network,")
    upload(lab, file, "letter")
    lab.page.get_by_test_id("stAlert").filter(has_text="letter.npz").first.wait_for()
    assert not (lab.server.data / "own" / "letter").exists()


def test_without_a_network_a_download_says_so(lab: Lab) -> None:
    lab.fresh()
    run = lab.server.newest()
    lab.page.get_by_role("button", name="More data").click()
    lab.press("download mnist")
    lab.says("cannot be reached")
    assert lab.server.newest() == run
    lab.page.keyboard.press("Escape")
    lab.press("step 1")
    lab.until_step(1)
