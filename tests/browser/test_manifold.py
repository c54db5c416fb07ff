"""The Manifold page: its map, timeline and panels."""

import io
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from aecore.runs.run import Run
from tests.browser.lab import Lab


class Manifold:
    """The Manifold page in a browser tab."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.page = lab, lab.page

    def open(self) -> None:
        self.page.get_by_role("link", name="Manifold").first.click()
        self.page.wait_for_function(
            "() => document.querySelector('.latent-canvas')?.state?.counters.frames > 0"
        )
        self.wait_until_idle()

    def canvas_value(self, expression: str) -> Any:
        """Evaluate an expression on the map, whose state is ``lab``, for example ``lab.count``."""
        return self.page.evaluate(
            "() => { const lab = document.querySelector('.latent-canvas').state;"
            f" return {expression} }}"
        )

    def wait_until(self, condition: str) -> None:
        self.lab.wait_until(lambda: bool(self.canvas_value(condition)), condition)

    def wait_until_idle(self) -> None:
        """Wait until the script has finished and no redraw or animation is pending."""
        self.page.wait_for_timeout(200)
        self.lab.wait_until_settled()
        self.wait_until("lab.frameRequest === null && !lab.glide && !lab.time.morph")

    def page_position(self, index: int) -> tuple[float, float]:
        """Return the position of a point on the page."""
        px, py = self.canvas_value(
            f"lab.toScreen(lab.positions[{2 * index}], lab.positions[{2 * index + 1}])"
        )
        self.page.locator(".latent-canvas-map").scroll_into_view_if_needed()
        box = self.page.locator(".latent-canvas-map").bounding_box()
        assert box is not None
        return box["x"] + px, box["y"] + py

    def select_option(self, key: str, label: str) -> None:
        """Press a button of a segmented control."""
        self.lab.widget(key).get_by_text(label, exact=True).click()
        self.wait_until_idle()

    def pin(self, index: int) -> None:
        self.page.keyboard.down("Alt")
        self.page.mouse.click(*self.page_position(index))
        self.page.keyboard.up("Alt")
        self.wait_until_idle()

    def press_tool(self, word: str) -> None:
        self.page.locator(f'.latent-canvas-tools [data-word="{word}"]').click()

    def wait_for_figure(self, key: str) -> None:
        """Wait until a figure is drawn."""
        self.lab.wait_until(lambda: self.lab.redraws(key) > 0, f"{key} is drawn")


@pytest.fixture
def manifold(lab: Lab) -> Manifold:
    """Provide the idle page of a run with some frames and no marks."""
    page = Manifold(lab)
    if lab.page.url == "about:blank":
        lab.open_fresh_run(bottleneck=2)
        lab.press("step epoch")
        lab.wait_for_step(41)
        page.open()
    if page.canvas_value("lab.selected.length + lab.pins.length"):
        page.press_tool("clear")
        page.wait_until_idle()
    return page


def newest_run(manifold: Manifold) -> Run:
    return Run(manifold.lab.run)


def test_map_shows_the_codes_of_the_newest_frame(manifold: Manifold) -> None:
    frame = newest_run(manifold).frame()
    assert manifold.canvas_value("lab.count") == len(frame.codes)
    # The file holds half precision.
    assert manifold.canvas_value("[...lab.positions]") == pytest.approx(
        frame.codes.ravel(), rel=2**-10, abs=1e-5
    )
    assert manifold.canvas_value("[...lab.arrays.labels]") == frame.labels.tolist()


def test_hover_shows_images_of_points_and_decodes_between_them(manifold: Manifold) -> None:
    x, y = manifold.page_position(5)
    manifold.page.mouse.move(x, y)
    manifold.lab.wait_until(
        lambda: "Image" in panel_text(manifold), "the panel describes the point"
    )
    box = manifold.page.locator(".latent-canvas-map").bounding_box()
    assert box is not None
    manifold.page.mouse.move(box["x"] + 6, box["y"] + 200)
    manifold.lab.wait_until(
        lambda: "Between the points" in panel_text(manifold), "the panel describes the position"
    )
    assert len(manifold.canvas_value("[...lab.lastDecoded]")) == 64


def panel_text(manifold: Manifold) -> str:
    return manifold.page.locator(".latent-canvas-panel").inner_text()


def test_pinch_zooms_the_map(manifold: Manifold) -> None:
    before = manifold.canvas_value("lab.view.scale")
    x, y = manifold.page_position(0)
    touch = manifold.page.context.new_cdp_session(manifold.page)

    def send_touch(kind: str, *offsets: float) -> None:
        points = [{"x": x + offset, "y": y, "id": n} for n, offset in enumerate(offsets)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send_touch("touchStart", -20, 20)
    for offset in (25, 30, 35, 40):
        send_touch("touchMove", -offset, offset)
    send_touch("touchEnd")
    manifold.wait_until_idle()
    assert manifold.canvas_value("lab.view.scale") / before == pytest.approx(2, rel=0.1)
    manifold.page.locator(".latent-canvas-map").press("0")
    manifold.wait_until_idle()
    assert manifold.canvas_value("lab.view.scale") == pytest.approx(before)


def test_click_shows_the_nearest_neighbours_by_code_and_by_pixels(manifold: Manifold) -> None:
    manifold.select_option("panel", "Neighbours")
    manifold.page.mouse.click(*manifold.page_position(7))
    manifold.page.get_by_text("of its 12 nearest by code").wait_for()
    manifold.wait_for_figure("neighbours")


def test_box_selection_shows_images_and_exports_them(manifold: Manifold) -> None:
    manifold.select_option("panel", "Selection")
    manifold.press_tool("box")
    points = np.array(manifold.canvas_value("[...lab.positions]")).reshape(-1, 2)
    x, y = manifold.page_position(int(np.square(points - points.mean(0)).sum(1).argmin()))
    manifold.page.mouse.move(x - 60, y - 60)
    manifold.page.mouse.down()
    manifold.page.mouse.move(x + 60, y + 60, steps=4)
    manifold.page.mouse.up()
    manifold.wait_for_figure("gallery")
    manifold.wait_for_figure("means")
    selected = manifold.canvas_value("lab.selected")
    with manifold.page.expect_download() as download:
        manifold.lab.press("export selection")
    archive = np.load(io.BytesIO(download.value.path().read_bytes()))
    assert archive["indices"].tolist() == selected
    assert archive["images"].shape == (len(selected), 8, 8)
    assert np.allclose(archive["codes"], points[selected], atol=1e-5)


def test_two_pins_show_the_path_as_images_and_as_animation(manifold: Manifold) -> None:
    manifold.select_option("panel", "Path")
    manifold.pin(0)
    manifold.pin(11)
    manifold.wait_for_figure("path")
    manifold.lab.widget("play path").locator("label").first.click()
    manifold.wait_for_figure("film")
    film = manifold.lab.figure("film").locator("img").get_attribute("src") or ""
    assert "acTL" in str(bytes(b64decode(film.split(",")[1])[:400]))


def test_unit_sliders_change_the_decoded_image(manifold: Manifold) -> None:
    manifold.select_option("panel", "Units")
    manifold.page.mouse.click(*manifold.page_position(3))
    manifold.page.get_by_text("The code of image 3").wait_for()
    manifold.wait_until_idle()
    panel = manifold.page.locator(".unit-sliders")
    panel.locator("input[type=range]").first.wait_for()
    image = "panel => panel.image && [...panel.image]"
    manifold.lab.wait_until(lambda: bool(panel.evaluate(image)), "the code is decoded")
    before = panel.evaluate(image)
    panel.locator("input[type=range]").first.press("ArrowRight")
    changed = panel.evaluate(image)
    assert changed != before
    panel.locator("input[type=checkbox]").first.click()
    assert panel.evaluate(image) not in (before, changed)
    panel.locator("button").click()
    assert panel.evaluate(image) == pytest.approx(before)
    manifold.wait_for_figure("exciting")
    manifold.wait_for_figure("weights")


def test_timeline_shows_the_saved_frame(manifold: Manifold) -> None:
    run = newest_run(manifold)
    slider = manifold.page.locator(".latent-canvas-slider")
    for _ in range(3):
        slider.press("ArrowLeft")
    manifold.wait_until_idle()
    text = manifold.page.locator(".latent-canvas-step").inner_text()
    step = int("".join(letter for letter in text if letter.isdigit()))
    saved = run.frame(step)
    assert step < 41
    manifold.lab.wait_until(
        lambda: (
            manifold.canvas_value("[...lab.positions]")
            == pytest.approx(saved.codes.ravel(), abs=1e-5)
        ),
        "the frame's codes are shown",
    )
    pointer = "_fullLayout.shapes.at(-1).x0"
    manifold.lab.wait_until(
        lambda: manifold.lab.plot_value("loss-curve", pointer) == step, "the curve marks the step"
    )
    for _ in range(3):
        slider.press("ArrowRight")
    manifold.wait_until("lab.time.index === lab.time.targetIndex")
    manifold.page.get_by_text("Step 41 · newest").wait_for()


@pytest.mark.parametrize("background", ["Decoded images", "Density", "Decoder sensitivity"])
def test_background_is_drawn(manifold: Manifold, background: str) -> None:
    manifold.lab.select("map ground", background)
    manifold.wait_until_idle()
    layer = manifold.page.locator("canvas.latent-canvas-ground")
    is_painted = """canvas => canvas.getContext("2d")
      .getImageData(0, 0, canvas.width, canvas.height).data.some((v, i) => i % 4 == 3 && v > 0)"""
    manifold.lab.wait_until(lambda: bool(layer.evaluate(is_painted)), f"{background} is drawn")
    manifold.lab.select("map ground", "None")
    manifold.wait_until_idle()


@pytest.mark.parametrize(
    "colour", ["Reconstruction error", "Activation of a unit", "Neighbours lost"]
)
def test_points_are_coloured_by_values(manifold: Manifold, colour: str) -> None:
    manifold.lab.select("map colour", colour)
    manifold.wait_until("lab.arrays.colour !== undefined")
    manifold.lab.select("map colour", "Class")
    manifold.wait_until_idle()


def test_umap_is_shown_and_its_quality_is_measured(manifold: Manifold) -> None:
    manifold.select_option("map", "UMAP")
    manifold.wait_until("lab.settings.map.startsWith('umap')")
    manifold.select_option("panel", "Map quality")
    manifold.page.get_by_text("cross-validated over the points").wait_for()
    manifold.select_option("map", "Code")
    manifold.wait_until("lab.settings.map.startsWith('direct')")


def test_map_shows_the_selected_set_of_images(manifold: Manifold) -> None:
    manifold.lab.select("map images", "All training images")
    manifold.wait_until("lab.count === 1438")
    manifold.lab.select("map images", "Fixed sample of 2,000")
    manifold.wait_until("lab.count === 1797")


def test_live_run_is_followed_until_the_user_scrubs_back(manifold: Manifold) -> None:
    manifold.lab.play()
    before = manifold.canvas_value("[...lab.positions]")
    manifold.lab.wait_until(
        lambda: manifold.canvas_value("[...lab.positions]") != before, "the map moves"
    )
    # Before there are two frames, the slider has nowhere to go.
    manifold.wait_until("lab.time.frames.length > 2")
    slider = manifold.page.locator(".latent-canvas-slider")
    for _ in range(4):
        slider.press("ArrowLeft")
    manifold.page.wait_for_timeout(2500)
    text = manifold.page.locator(".latent-canvas-step").inner_text()
    manifold.lab.wait_for_step(manifold.lab.step + 1)
    assert manifold.page.locator(".latent-canvas-step").inner_text() == text
    assert "newest" not in text
    manifold.lab.pause()
