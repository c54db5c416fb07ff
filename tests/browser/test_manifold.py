"""The Manifold page: what its map, its time machine and its panels answer."""

import io
from base64 import b64decode
from typing import Any

import numpy as np
import pytest

from aecore.runs.run import Run
from tests.browser.lab import Lab


class Manifold:
    """The Manifold page in a tab, in a person's terms."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.page = lab, lab.page

    def open(self) -> None:
        self.page.get_by_role("link", name="Manifold").first.click()
        self.page.wait_for_function(
            "() => document.querySelector('.latent-canvas')?.state?.counters.frames > 0"
        )
        self.rest()

    def map(self, what: str) -> Any:
        """Return something of the map, for example ``lab.count``."""
        return self.page.evaluate(
            f"() => {{ const lab = document.querySelector('.latent-canvas').state; return {what} }}"
        )

    def until(self, what: str) -> None:
        self.lab.until(lambda: bool(self.map(what)), what)

    def rest(self) -> None:
        """Wait until the server has answered and nothing is drawn any more."""
        self.page.wait_for_timeout(200)
        self.lab.until_settled()
        self.until("lab.frameRequest === null && !lab.glide && !lab.time.morph")

    def at(self, index: int) -> tuple[float, float]:
        """Return where on the page a point lies."""
        px, py = self.map(
            f"lab.toScreen(lab.positions[{2 * index}], lab.positions[{2 * index + 1}])"
        )
        self.page.locator(".latent-canvas-map").scroll_into_view_if_needed()
        box = self.page.locator(".latent-canvas-map").bounding_box()
        assert box is not None
        return box["x"] + px, box["y"] + py

    def choose(self, key: str, label: str) -> None:
        """Press a button of a row of choices."""
        self.lab.widget(key).get_by_text(label, exact=True).click()
        self.rest()

    def pin(self, index: int) -> None:
        self.page.keyboard.down("Alt")
        self.page.mouse.click(*self.at(index))
        self.page.keyboard.up("Alt")
        self.rest()

    def tool(self, word: str) -> None:
        self.page.locator(f'.latent-canvas-tools [data-word="{word}"]').click()

    def sees(self, key: str) -> None:
        """Wait until a picture is shown."""
        self.lab.until(lambda: self.lab.redraws(key) > 0, f"{key} is shown")


@pytest.fixture
def manifold(lab: Lab) -> Manifold:
    """Give the page on a run with some frames, at rest."""
    found = Manifold(lab)
    if lab.page.url == "about:blank":
        lab.open_fresh(bottleneck=2)
        lab.press("step epoch")
        lab.until_step(45)
        found.open()
    if found.map("lab.selected.length + lab.pins.length"):
        found.tool("clear")
        found.rest()
    return found


def newest(manifold: Manifold) -> Run:
    return Run(manifold.lab.server.newest())


def test_the_map_is_the_code_of_the_newest_moment(manifold: Manifold) -> None:
    snapshot = newest(manifold).frame()
    assert manifold.map("lab.count") == len(snapshot.codes)
    assert manifold.map("[...lab.positions]") == pytest.approx(snapshot.codes.ravel(), abs=1e-5)
    assert manifold.map("[...lab.arrays.labels]") == snapshot.labels.tolist()


def test_hovering_shows_the_image_and_between_points_the_decoders(manifold: Manifold) -> None:
    x, y = manifold.at(5)
    manifold.page.mouse.move(x, y)
    manifold.lab.until(lambda: "Image" in said(manifold), "the point is told of")
    box = manifold.page.locator(".latent-canvas-map").bounding_box()
    assert box is not None
    manifold.page.mouse.move(box["x"] + 6, box["y"] + 200)
    manifold.lab.until(lambda: "Between the points" in said(manifold), "the place is told of")
    assert len(manifold.map("[...lab.lastDecoded]")) == 64


def said(manifold: Manifold) -> str:
    return manifold.page.locator(".latent-canvas-panel").inner_text()


def test_two_fingers_bring_the_map_nearer(manifold: Manifold) -> None:
    before = manifold.map("lab.view.scale")
    x, y = manifold.at(0)
    touch = manifold.page.context.new_cdp_session(manifold.page)

    def fingers(kind: str, *apart: float) -> None:
        places = [{"x": x + side, "y": y, "id": n} for n, side in enumerate(apart)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    fingers("touchStart", -20, 20)
    for apart in (25, 30, 35, 40):
        fingers("touchMove", -apart, apart)
    fingers("touchEnd")
    manifold.rest()
    assert manifold.map("lab.view.scale") / before == pytest.approx(2, rel=0.1)
    manifold.page.locator(".latent-canvas-map").press("0")
    manifold.rest()
    assert manifold.map("lab.view.scale") == pytest.approx(before)


def test_a_click_brings_the_nearest_by_code_and_by_pixels(manifold: Manifold) -> None:
    manifold.choose("panel", "Neighbours")
    manifold.page.mouse.click(*manifold.at(7))
    manifold.page.get_by_text("of its 12 nearest by code").wait_for()
    manifold.sees("neighbours")


def test_a_box_brings_images_and_their_export(manifold: Manifold) -> None:
    manifold.choose("panel", "Selection")
    manifold.tool("box")
    points = np.array(manifold.map("[...lab.positions]")).reshape(-1, 2)
    x, y = manifold.at(int(np.square(points - points.mean(0)).sum(1).argmin()))
    manifold.page.mouse.move(x - 60, y - 60)
    manifold.page.mouse.down()
    manifold.page.mouse.move(x + 60, y + 60, steps=4)
    manifold.page.mouse.up()
    manifold.sees("gallery")
    manifold.sees("means")
    chosen = manifold.map("lab.selected")
    with manifold.page.expect_download() as download:
        manifold.lab.press("export selection")
    archive = np.load(io.BytesIO(download.value.path().read_bytes()))
    assert archive["indices"].tolist() == chosen
    assert archive["images"].shape == (len(chosen), 8, 8)
    assert np.allclose(archive["codes"], points[chosen], atol=1e-5)


def test_pins_bring_the_path_between_them_still_and_moving(manifold: Manifold) -> None:
    manifold.choose("panel", "Path")
    manifold.pin(0)
    manifold.pin(11)
    manifold.sees("path")
    manifold.lab.widget("play path").locator("label").first.click()
    manifold.sees("film")
    film = manifold.lab.figure("film").locator("img").get_attribute("src") or ""
    assert "acTL" in str(bytes(b64decode(film.split(",")[1])[:400]))


def test_the_image_follows_the_sliders_of_units(manifold: Manifold) -> None:
    manifold.choose("panel", "Units")
    manifold.page.mouse.click(*manifold.at(3))
    manifold.page.get_by_text("The code of image 3").wait_for()
    manifold.rest()
    panel = manifold.page.locator(".unit-sliders")
    panel.locator("input[type=range]").first.wait_for()
    image = "panel => panel.image && [...panel.image]"
    manifold.lab.until(lambda: bool(panel.evaluate(image)), "the code is decoded")
    before = panel.evaluate(image)
    panel.locator("input[type=range]").first.press("ArrowRight")
    turned = panel.evaluate(image)
    assert turned != before
    panel.locator("input[type=checkbox]").first.click()
    assert panel.evaluate(image) not in (before, turned)
    panel.locator("button").click()
    assert panel.evaluate(image) == pytest.approx(before)
    manifold.sees("exciting")
    manifold.sees("weights")


def test_the_time_machine_shows_the_frame_that_was_saved(manifold: Manifold) -> None:
    run = newest(manifold)
    slider = manifold.page.locator(".latent-canvas-slider")
    for _ in range(3):
        slider.press("ArrowLeft")
    manifold.rest()
    text = manifold.page.locator(".latent-canvas-step").inner_text()
    step = int("".join(letter for letter in text if letter.isdigit()))
    saved = run.frame(step)
    assert step < 45
    manifold.lab.until(
        lambda: manifold.map("[...lab.positions]") == pytest.approx(saved.codes.ravel(), abs=1e-5),
        "the frame's codes are shown",
    )
    pointer = "_fullLayout.shapes.at(-1).x0"
    manifold.lab.until(
        lambda: manifold.lab.plotted("loss-curve", pointer) == step, "the curve points at it"
    )
    for _ in range(3):
        slider.press("ArrowRight")
    manifold.until("lab.time.index === lab.time.targetIndex")
    manifold.page.get_by_text("Step 45 · newest").wait_for()


@pytest.mark.parametrize("behind", ["Decoded images", "Density", "Decoder sensitivity"])
def test_something_is_drawn_behind_the_points(manifold: Manifold, behind: str) -> None:
    manifold.lab.choose("map ground", behind)
    manifold.rest()
    ground = manifold.page.locator("canvas.latent-canvas-ground")
    painted = """canvas => canvas.getContext("2d")
      .getImageData(0, 0, canvas.width, canvas.height).data.some((v, i) => i % 4 == 3 && v > 0)"""
    manifold.lab.until(lambda: bool(ground.evaluate(painted)), f"{behind} is drawn")
    manifold.lab.choose("map ground", "None")
    manifold.rest()


@pytest.mark.parametrize(
    "colour", ["Reconstruction error", "Activation of a unit", "Neighbours lost"]
)
def test_points_are_coloured_by_values(manifold: Manifold, colour: str) -> None:
    manifold.lab.choose("map colour", colour)
    manifold.until("lab.arrays.colour !== undefined")
    manifold.lab.choose("map colour", "Class")
    manifold.rest()


def test_umap_comes_after_pca_and_the_map_is_measured(manifold: Manifold) -> None:
    manifold.choose("map", "UMAP")
    manifold.until("lab.settings.map.startsWith('umap')")
    manifold.choose("panel", "Map quality")
    manifold.page.get_by_text("Trustworthiness").wait_for()
    manifold.choose("map", "Code")
    manifold.until("lab.settings.map.startsWith('direct')")


def test_other_images_have_maps_too(manifold: Manifold) -> None:
    manifold.lab.choose("map images", "All training images")
    manifold.until("lab.count === 1438")
    manifold.lab.choose("map images", "Fixed sample of 2,000")
    manifold.until("lab.count === 1797")


def test_a_live_run_is_followed_until_one_scrubs_back(manifold: Manifold) -> None:
    manifold.lab.play()
    before = manifold.map("[...lab.positions]")
    manifold.lab.until(lambda: manifold.map("[...lab.positions]") != before, "the map moves")
    slider = manifold.page.locator(".latent-canvas-slider")
    for _ in range(4):
        slider.press("ArrowLeft")
    manifold.page.wait_for_timeout(2500)
    text = manifold.page.locator(".latent-canvas-step").inner_text()
    manifold.lab.until_step(manifold.lab.step + 1)
    assert manifold.page.locator(".latent-canvas-step").inner_text() == text
    assert "newest" not in text
    manifold.lab.pause()
