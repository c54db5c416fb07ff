import numpy as np
import pytest

from tests.browser.latent_canvas.map import CanvasServer
from tests.browser.latent_canvas.scene import (
    IMAGES,
    ISOLATED,
    ISOLATED_INDEX,
    LABELS,
    POINTS,
    OpenCanvas,
    decoded,
)


def test_hover_shows_the_image_of_a_point_and_decodes_empty_space(open_canvas: OpenCanvas) -> None:
    canvas = open_canvas()
    assert canvas.panel_image(0) is None
    canvas.hover(*ISOLATED)
    assert canvas.panel_image(0) == pytest.approx(IMAGES[ISOLATED_INDEX])
    assert canvas.panel_image(1) == pytest.approx(255 - IMAGES[ISOLATED_INDEX])
    assert canvas.text("head") == "alone"
    assert "Image 60" in canvas.text("lines")
    canvas.page.locator(".latent-canvas-spoken", has_text="alone, Image 60").wait_for()
    canvas.hover(0, 0)
    assert canvas.panel_image(0) is None
    image = canvas.panel_image(1)
    assert image is not None
    np.testing.assert_allclose(image, 255 * decoded(canvas), atol=1)
    assert canvas.text("head") == "Between the points"


def test_first_view_shows_all_points_and_zoom_survives_new_data(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    canvas = open_canvas()
    positions = np.array(
        canvas.value("given.map(([x, y]) => state.toScreen(x, y))", POINTS.tolist())
    )
    width, height = canvas.value("[state.width, state.height]")
    assert positions.min() > 0
    assert (positions < [width, height]).all()
    full_view = canvas.value("state.view")
    before = canvas.page_position(*ISOLATED)
    canvas.hover(*ISOLATED)
    canvas.page.mouse.wheel(0, -400)
    canvas.wait_until("state.view.scale > given", 1.5 * full_view["scale"])
    assert canvas.page_position(*ISOLATED) == pytest.approx(before, abs=1)
    canvas.drag(ISOLATED, (5.5, -2.8))
    zoomed_view = canvas.value("state.view")
    assert zoomed_view["x"] != pytest.approx(full_view["x"])
    scene.add_bundle(
        "points", "2", {"points": POINTS + 1, "labels": LABELS}, classes=["a", "b", "c"]
    )
    canvas.rerun()
    canvas.wait_until("state.appliedBundles.includes(given)", '"2"')
    canvas.wait_until_idle()
    assert canvas.value("state.positions[0]") == pytest.approx(POINTS[0, 0] + 1)
    assert canvas.value("state.view") == pytest.approx(zoomed_view)
    canvas.press_tool("all")
    assert canvas.value("state.view.scale") == pytest.approx(full_view["scale"])
    canvas.page.mouse.dblclick(*canvas.page_position(*ISOLATED))
    canvas.wait_until_idle()
    assert canvas.value("state.moved") is False


def test_idle_canvas_is_not_redrawn(open_canvas: OpenCanvas) -> None:
    canvas = open_canvas()
    canvas.hover(0, 0)
    frames = canvas.value("state.counters.frames")
    canvas.page.wait_for_timeout(400)
    assert canvas.value("state.counters.frames") == frames


@pytest.mark.parametrize("gesture", ["lasso", "shift", "box"])
def test_lasso_and_box_select_points(open_canvas: OpenCanvas, gesture: str) -> None:
    canvas = open_canvas()
    corners = [(-4.9, 3.0), (-2.5, 3.0), (-2.5, 1.0), (-4.9, 1.0)]
    if gesture == "shift":
        canvas.page.keyboard.down("Shift")
    else:
        canvas.press_tool(gesture)
    canvas.drag(*(corners if gesture != "box" else corners[::2]))
    canvas.page.keyboard.up("Shift")
    assert canvas.value("state.selected") == list(range(30))
    canvas.wait_for_marks(f"selected=({', '.join(map(str, range(30)))})")
    assert canvas.text("tally") == "30 of 61 points selected"
    canvas.press("Escape", "Escape")
    canvas.wait_for_marks("selected=()")
    assert canvas.text("tally") == "61 points"


def test_click_chooses_a_point_and_click_on_empty_space_clears_it(open_canvas: OpenCanvas) -> None:
    canvas = open_canvas()
    canvas.click(*ISOLATED)
    canvas.wait_for_marks("chosen=60")
    canvas.page.mouse.move(5, 5)
    canvas.wait_until_idle()
    assert canvas.text("head") == "alone"
    canvas.click(0, 0)
    canvas.wait_for_marks("chosen=None")


def test_points_and_positions_are_pinned_and_cleared(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    canvas = open_canvas()
    canvas.page.keyboard.down("Alt")
    canvas.click(*ISOLATED)
    canvas.page.keyboard.up("Alt")
    canvas.wait_for_marks("pins=(Pin(x=6, y=-3, index=60),)")
    canvas.press_tool("pin")
    canvas.click(0, 0)
    canvas.wait_for_marks("index=None)")
    (_, position) = canvas.value("state.pins")
    assert position == pytest.approx([0, 0, -1], abs=0.05)
    assert canvas.value("state.chosen") == -1
    scene.update_page(revision="cleared")
    canvas.rerun()
    canvas.wait_for_marks("pins=()")
    assert canvas.value("state.pins") == []


def test_keyboard_moves_the_cursor_pins_chooses_zooms_and_clears(open_canvas: OpenCanvas) -> None:
    canvas = open_canvas()
    canvas.press("ArrowRight", "ArrowDown", "Shift+ArrowRight")
    width, height = canvas.value("[state.width, state.height]")
    assert canvas.value("state.cursor.at") == pytest.approx([width / 2 + 48, height / 2 + 8])
    assert canvas.panel_image(1) is not None
    canvas.press("p")
    canvas.wait_for_marks("index=None)")
    canvas.value("state.cursor.at = state.toScreen(...given)", list(ISOLATED))
    canvas.press("Enter")
    canvas.wait_for_marks("chosen=60")
    scale = canvas.value("state.view.scale")
    canvas.press("+")
    assert canvas.value("state.view.scale") == pytest.approx(1.25 * scale)
    canvas.press("Escape")
    canvas.wait_for_marks("chosen=None")
    assert len(canvas.value("state.pins")) == 1
    canvas.press("Escape")
    canvas.wait_for_marks("pins=()")
    role = canvas.page.get_by_role("application")
    assert "Map of codes. Arrow keys" in (role.get_attribute("aria-label") or "")
    assert "61 points, left, right" in (canvas.page.text_content(".latent-canvas-marks") or "")
