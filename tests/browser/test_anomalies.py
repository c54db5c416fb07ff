"""Anomalies: the line that is dragged, and a person's own pictures."""

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator

from tests.browser.lab import Goes, Lab


def facts(lab: Lab) -> str:
    return str(lab.page.locator(".lab-counts").inner_text())


def test_the_threshold_is_dragged_and_the_counts_follow(lab: Lab, goes: Goes) -> None:
    goes("Anomalies", "scores")
    lab.says("saw anomalous classes in training")
    bar = lab.page.get_by_role("slider", name="Threshold", exact=True)
    lab.widget("threshold how").get_by_text("Share of normal images", exact=True).click()
    bar.wait_for(state="hidden")
    lab.widget("threshold how").get_by_text("Manual", exact=True).click()
    bar.wait_for()
    lab.until_settled()
    before, line = facts(lab), place(lab)
    across, down = grasp(lab, bar)
    for step in range(1, 9):
        lab.page.mouse.move(across + 8 * step, down)
    lab.until(lambda: facts(lab) != before, "the counts follow before it is let go of")
    lab.page.mouse.up()
    lab.until(lambda: abs(place(lab) - told(bar)) < 1e-9, "the figure's line is where the bar is")
    assert place(lab) > line
    dragged = place(lab)
    for _ in range(3):
        bar.press("ArrowLeft")
    lab.until(lambda: place(lab) < dragged, "the keys move it back")
    bar.press("Home")
    lab.until(lambda: told(bar) == float(bar.get_attribute("aria-valuemin") or "nan"), "its end")
    lab.until(lambda: abs(place(lab) - told(bar)) < 1e-9, "the figure's line is there too")
    lab.widget("threshold how").get_by_text("Share of normal images", exact=True).click()
    bar.wait_for(state="hidden")


def grasp(lab: Lab, bar: Locator) -> tuple[float, float]:
    """Take hold of the line, which may move while the page above it is redrawn."""
    bar.scroll_into_view_if_needed()
    for _ in range(20):
        box = bar.bounding_box()
        assert box is not None
        across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
        lab.page.mouse.move(across, down)
        lab.page.mouse.down()
        if bar.get_attribute("data-held") is not None:
            return across, down
        lab.page.mouse.up()
        lab.page.wait_for_timeout(200)
    raise AssertionError("the line cannot be taken hold of")


def place(lab: Lab) -> float:
    return float(lab.plotted("scores", "layout.shapes[0].x0"))


def told(bar: Locator) -> float:
    return float(bar.get_attribute("aria-valuenow") or "nan")


def test_own_images_are_scored_as_anomalous(lab: Lab, goes: Goes, tmp_path: Path) -> None:
    goes("Anomalies", "scores")
    lab.choose("anomalous", "Your own images")
    lab.says("Upload some images")
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    files = sorted(tmp_path.glob("*.png"))
    lab.page.get_by_text("Your own images", exact=True).last.click()
    lab.widget("anomalous upload").locator("input[type=file]").set_input_files(files)
    lab.until(lambda: lab.figure("scores").count() == 1, "they are judged")
    lab.until(lambda: "detected" in lab.text, "they are counted")
    numbers = facts(lab).split("\n")
    found, missed = (numbers[numbers.index(name) + 1] for name in ("detected", "missed"))
    assert int(found) + int(missed) == 3
    lab.page.keyboard.press("Escape")
