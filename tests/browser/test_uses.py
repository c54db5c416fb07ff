"""Denoise, Anomalies, Onto the manifold and Reduce: what their controls do."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator

from aecore.experiments.scaling import Measured, keep
from tests.browser.lab import Lab


@pytest.fixture
def goes(lab: Lab) -> Callable[[str, str], None]:
    """Give a function that goes to a page, and waits until a figure of it is drawn."""

    def go(name: str, key: str) -> None:
        if lab.page.url == "about:blank":
            lab.open_fresh(noise=0.3)
            lab.press("step epoch")
            lab.until_step(45)
        lab.page.get_by_role("link", name=name).click()
        lab.until(lambda: lab.figure(key).count() == 1 and lab.redraws(key) > 0, f"{key} is drawn")
        lab.until_settled()

    return go


def facts(lab: Lab) -> str:
    return str(lab.page.locator(".lab-counts").inner_text())


def test_noise_is_taken_off_and_a_bad_file_is_refused(
    lab: Lab, goes: Callable[[str, str], None], tmp_path: Path
) -> None:
    goes("Denoise", "denoise-curves")
    assert "dB (SSIM" in lab.text
    lab.until(lambda: "The best of the others" in lab.text, "the others are measured")
    before = lab.redraws("denoised")
    lab.slider("denoise level").press("ArrowRight")
    lab.until(lambda: "At 0.35" in lab.text, "the level is another")
    assert lab.redraws("denoised") > before
    (tmp_path / "bad.png").write_bytes(b"no image")
    lab.page.get_by_text("Your own pictures", exact=True).click()
    lab.widget("denoise upload").locator("input[type=file]").set_input_files(tmp_path / "bad.png")
    lab.says("cannot be read")


def test_the_threshold_is_dragged_and_the_counts_follow(
    lab: Lab, goes: Callable[[str, str], None]
) -> None:
    goes("Anomalies", "scores")
    lab.says("saw foreign classes in training")
    bar = lab.page.get_by_role("slider", name="Threshold", exact=True)
    lab.widget("threshold how").get_by_text("Share of normal", exact=True).click()
    bar.wait_for(state="hidden")
    lab.widget("threshold how").get_by_text("By hand", exact=True).click()
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
    lab.widget("threshold how").get_by_text("Share of normal", exact=True).click()
    bar.wait_for(state="hidden")


def grasp(lab: Lab, bar: Locator) -> tuple[float, float]:
    """Take hold of the line, which may move while the page above it is drawn anew."""
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


def test_pictures_of_a_person_are_judged_as_foreign(
    lab: Lab, goes: Callable[[str, str], None], tmp_path: Path
) -> None:
    goes("Anomalies", "scores")
    lab.choose("foreign", "Your own pictures")
    lab.says("Give some pictures")
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 20), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    files = sorted(tmp_path.glob("*.png"))
    lab.page.get_by_text("Your own pictures", exact=True).last.click()
    lab.widget("foreign upload").locator("input[type=file]").set_input_files(files)
    lab.until(lambda: lab.figure("scores").count() == 1, "they are judged")
    lab.until(lambda: "foreign, found" in lab.text, "they are counted")
    numbers = facts(lab).split("\n")
    found, missed = (numbers[numbers.index(f"foreign, {what}") + 1] for what in ("found", "missed"))
    assert int(found) + int(missed) == 3
    lab.page.keyboard.press("Escape")


def test_growth_is_measured_and_can_be_cancelled(
    lab: Lab, goes: Callable[[str, str], None]
) -> None:
    goes("Reduce", "reduce-curve")
    lab.press("measure scaling")
    lab.button("cancel scaling").click()
    lab.button("cancel scaling").wait_for(state="detached")
    rows = [
        Measured(method, count, 784, count / 1e4, 0.1, size)
        for method, growth in (("full", 16), ("autoencoder", 0))
        for count in (1_000, 5_000)
        if (size := 60 + growth * count * 784 / 2**20)
    ]
    # What is measured elsewhere stands in the page as well.
    keep(rows, lab.server.runs)
    lab.until(lambda: lab.redraws("scaling-megabytes") > 0, "memory is drawn")
    lab.until(lambda: "Full PCA holds all images at once" in lab.text, "its limit is told")
    assert lab.plotted("scaling-seconds", "layout.xaxis.type") == "log"


def test_a_drawn_digit_is_rebuilt_and_placed_on_the_map(
    lab: Lab, goes: Callable[[str, str], None]
) -> None:
    goes("Onto the manifold", "onto-map")
    assert "Its code lies farther" in lab.text
    lab.widget("onto source").get_by_text("Drawn by hand", exact=True).click()
    lab.page.locator('.draw-pad [data-act="clear"]').click()
    lab.says("Draw something")
    sheet = lab.page.locator(".draw-pad-sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 100, box["y"] + 30)
    lab.page.mouse.down()
    for down in range(40, 170, 10):
        lab.page.mouse.move(box["x"] + 100, box["y"] + down)
    lab.page.mouse.up()
    lab.until(lambda: lab.redraws("onto-strip") > 0, "the drawing is rebuilt")
    lab.until(lambda: lab.figure("onto-map").count() == 1, "the map is drawn")
    way = lab.plotted("onto-map", "data.at(-1).x.length")
    assert way == 9
    lab.page.locator('.draw-pad [data-act="undo"]').click()
    lab.says("Draw something")


def test_a_finger_draws_too(lab: Lab, goes: Callable[[str, str], None]) -> None:
    goes("Onto the manifold", "onto-map") if lab.page.url == "about:blank" else None
    lab.widget("onto source").get_by_text("Drawn by hand", exact=True).click()
    sheet = lab.page.locator(".draw-pad-sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    touch = lab.page.context.new_cdp_session(lab.page)
    for kind, down in (("touchStart", 40), ("touchMove", 90), ("touchMove", 150)):
        places = [{"x": box["x"] + 90, "y": box["y"] + down}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    lab.until(lambda: lab.figure("onto-strip").count() == 1, "the drawing is rebuilt")
