import numpy as np
import pytest

from tests.browser.latent_canvas.map import CanvasServer
from tests.browser.latent_canvas.scene import ALONE, IMAGES, LABELS, LONELY, POINTS, Open, decoded


def test_a_point_shows_its_image_and_a_place_is_decoded(opened: Open) -> None:
    canvas = opened()
    assert canvas.picture(0) is None
    canvas.hover(*LONELY)
    assert canvas.picture(0) == pytest.approx(IMAGES[ALONE])
    assert canvas.picture(1) == pytest.approx(255 - IMAGES[ALONE])
    assert canvas.text("head") == "alone"
    assert "Image 60" in canvas.text("lines")
    canvas.page.locator(".latent-canvas-spoken", has_text="alone, Image 60").wait_for()
    canvas.hover(0, 0)
    assert canvas.picture(0) is None
    seen = canvas.picture(1)
    assert seen is not None
    np.testing.assert_allclose(seen, 255 * decoded(canvas), atol=1)
    assert canvas.text("head") == "Between the points"


def test_all_is_in_view_and_a_zoom_is_kept_when_data_change(
    scene: CanvasServer, opened: Open
) -> None:
    canvas = opened()
    places = np.array(canvas.state("given.map(([x, y]) => state.toScreen(x, y))", POINTS.tolist()))
    width, height = canvas.state("[state.width, state.height]")
    assert places.min() > 0
    assert (places < [width, height]).all()
    whole = canvas.state("state.view")
    before = canvas.at(*LONELY)
    canvas.hover(*LONELY)
    canvas.page.mouse.wheel(0, -400)
    canvas.until("state.view.scale > given", 1.5 * whole["scale"])
    assert canvas.at(*LONELY) == pytest.approx(before, abs=1)
    canvas.drag(LONELY, (5.5, -2.8))
    kept = canvas.state("state.view")
    assert kept["x"] != pytest.approx(whole["x"])
    scene.bring("points", "2", {"points": POINTS + 1, "labels": LABELS}, classes=["a", "b", "c"])
    canvas.again()
    canvas.until("state.appliedBundles.includes(given)", '"2"')
    canvas.rest()
    assert canvas.state("state.positions[0]") == pytest.approx(POINTS[0, 0] + 1)
    assert canvas.state("state.view") == pytest.approx(kept)
    canvas.tool("all")
    assert canvas.state("state.view.scale") == pytest.approx(whole["scale"])
    canvas.page.mouse.dblclick(*canvas.at(*LONELY))
    canvas.rest()
    assert canvas.state("state.moved") is False


def test_nothing_is_drawn_while_nothing_changes(opened: Open) -> None:
    canvas = opened()
    canvas.hover(0, 0)
    frames = canvas.state("state.counters.frames")
    canvas.page.wait_for_timeout(400)
    assert canvas.state("state.counters.frames") == frames


@pytest.mark.parametrize("way", ["lasso", "shift", "box"])
def test_what_is_circled_is_selected(opened: Open, way: str) -> None:
    canvas = opened()
    corners = [(-4.9, 3.0), (-2.5, 3.0), (-2.5, 1.0), (-4.9, 1.0)]
    if way == "shift":
        canvas.page.keyboard.down("Shift")
    else:
        canvas.tool(way)
    canvas.drag(*(corners if way != "box" else corners[::2]))
    canvas.page.keyboard.up("Shift")
    assert canvas.state("state.selected") == list(range(30))
    canvas.told(f"selected=({', '.join(map(str, range(30)))})")
    assert canvas.text("tally") == "30 of 61 points selected"
    canvas.press("Escape", "Escape")
    canvas.told("selected=()")
    assert canvas.text("tally") == "61 points"


def test_a_click_chooses_a_point_and_another_lets_it_go(opened: Open) -> None:
    canvas = opened()
    canvas.click(*LONELY)
    canvas.told("chosen=60")
    canvas.page.mouse.move(5, 5)
    canvas.rest()
    assert canvas.text("head") == "alone"
    canvas.click(0, 0)
    canvas.told("chosen=None")


def test_points_and_places_are_pinned_and_cleared(scene: CanvasServer, opened: Open) -> None:
    canvas = opened()
    canvas.page.keyboard.down("Alt")
    canvas.click(*LONELY)
    canvas.page.keyboard.up("Alt")
    canvas.told("pins=(Pin(x=6, y=-3, index=60),)")
    canvas.tool("pin")
    canvas.click(0, 0)
    canvas.told("index=None)")
    (_, place) = canvas.state("state.pins")
    assert place == pytest.approx([0, 0, -1], abs=0.05)
    assert canvas.state("state.chosen") == -1
    scene.say(revision="cleared")
    canvas.again()
    canvas.told("pins=()")
    assert canvas.state("state.pins") == []


def test_the_keyboard_does_what_the_mouse_does(opened: Open) -> None:
    canvas = opened()
    canvas.press("ArrowRight", "ArrowDown", "Shift+ArrowRight")
    width, height = canvas.state("[state.width, state.height]")
    assert canvas.state("state.cursor.at") == pytest.approx([width / 2 + 48, height / 2 + 8])
    assert canvas.picture(1) is not None
    canvas.press("p")
    canvas.told("index=None)")
    canvas.state("state.cursor.at = state.toScreen(...given)", list(LONELY))
    canvas.press("Enter")
    canvas.told("chosen=60")
    scale = canvas.state("state.view.scale")
    canvas.press("+")
    assert canvas.state("state.view.scale") == pytest.approx(1.25 * scale)
    canvas.press("Escape")
    canvas.told("chosen=None")
    assert len(canvas.state("state.pins")) == 1
    canvas.press("Escape")
    canvas.told("pins=()")
    role = canvas.page.get_by_role("application")
    assert "Map of codes. Arrow keys" in (role.get_attribute("aria-label") or "")
    assert "61 points, left, right" in (canvas.page.text_content(".latent-canvas-marks") or "")
