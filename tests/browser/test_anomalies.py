"""The Anomalies page: the draggable threshold, and uploaded images."""

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator

from tests.browser.lab import GoToPage, Lab


def counts(lab: Lab) -> str:
    return str(lab.page.locator(".lab-counts").inner_text())


def test_counts_follow_the_dragged_threshold(lab: Lab, go_to_page: GoToPage) -> None:
    go_to_page("Anomalies", "scores")
    lab.wait_for_notice("saw anomalous classes in training")
    bar = lab.page.get_by_role("slider", name="Threshold", exact=True)
    lab.widget("threshold how").get_by_text("Share of normal images", exact=True).click()
    bar.wait_for(state="hidden")
    lab.widget("threshold how").get_by_text("Manual", exact=True).click()
    bar.wait_for()
    lab.wait_until_settled()
    before, initial = counts(lab), line_position(lab)
    x, y = grab_line(lab, bar)
    for step in range(1, 9):
        lab.page.mouse.move(x + 8 * step, y)
    lab.wait_until(lambda: counts(lab) != before, "the counts follow before the mouse is released")
    lab.page.mouse.up()
    lab.wait_until(
        lambda: abs(line_position(lab) - slider_value(bar)) < 1e-9,
        "the line of the figure is at the threshold",
    )
    assert line_position(lab) > initial
    dragged = line_position(lab)
    for _ in range(3):
        bar.press("ArrowLeft")
    lab.wait_until(lambda: line_position(lab) < dragged, "the arrow key moves the line back")
    bar.press("Home")
    lab.wait_until(
        lambda: slider_value(bar) == float(bar.get_attribute("aria-valuemin") or "nan"),
        "the threshold is at its minimum",
    )
    lab.wait_until(
        lambda: abs(line_position(lab) - slider_value(bar)) < 1e-9,
        "the line of the figure is at the minimum",
    )
    lab.widget("threshold how").get_by_text("Share of normal images", exact=True).click()
    bar.wait_for(state="hidden")


def grab_line(lab: Lab, bar: Locator) -> tuple[float, float]:
    """Press the mouse on the line, which may move while the page above it is redrawn."""
    bar.scroll_into_view_if_needed()
    for _ in range(20):
        box = bar.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
        lab.page.mouse.move(x, y)
        lab.page.mouse.down()
        if bar.get_attribute("data-held") is not None:
            return x, y
        lab.page.mouse.up()
        lab.page.wait_for_timeout(200)
    raise AssertionError("the line cannot be grabbed")


def line_position(lab: Lab) -> float:
    return float(lab.plot_value("scores", "layout.shapes[0].x0"))


def slider_value(bar: Locator) -> float:
    return float(bar.get_attribute("aria-valuenow") or "nan")


def test_own_images_are_scored_as_anomalous(lab: Lab, go_to_page: GoToPage, tmp_path: Path) -> None:
    go_to_page("Anomalies", "scores")
    lab.select("anomalous", "Your own images")
    lab.wait_for_notice("Upload some images")
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    files = sorted(tmp_path.glob("*.png"))
    lab.page.get_by_text("Your own images", exact=True).last.click()
    lab.widget("anomalous upload").locator("input[type=file]").set_input_files(files)
    lab.wait_until(lambda: lab.figure("scores").count() == 1, "the images are scored")
    lab.wait_until(lambda: "detected" in lab.text, "the images are counted")
    lines = counts(lab).split("\n")
    detected, missed = (lines[lines.index(name) + 1] for name in ("detected", "missed"))
    assert int(detected) + int(missed) == 3
    lab.page.keyboard.press("Escape")
    lab.wait_until(lambda: lab.figure("defects").count() == 1, "the map of one of them is drawn")
    assert lab.plot_value("defects", "data.length") == 6


def test_folder_of_new_files_is_scored_and_downloaded(
    lab: Lab, go_to_page: GoToPage, tmp_path: Path
) -> None:
    go_to_page("Anomalies", "scores")
    for number in range(3):
        path = tmp_path / "new" / str(number % 2) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), np.uint8)
        Image.fromarray(pixels).save(path)
    (tmp_path / "new" / "notes.txt").write_text("not a picture")
    lab.page.get_by_text("Score new files", exact=True).click()
    lab.widget("new folder").locator("input[type=file]").set_input_files(tmp_path / "new")
    lab.wait_until(lambda: "of 3 pictures (Relative error above" in lab.text, "scored")
    with lab.page.expect_download() as download:
        lab.press("export scores")
    lines = download.value.path().read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["file", "0/0.png", "0/2.png", "1/1.png"]
