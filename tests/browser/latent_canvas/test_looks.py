from typing import Any

import numpy as np
import pytest

from dashboard.figures.theme import PALETTE
from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import ISOLATED, SHAPE, OpenCanvas


def test_legend_hides_and_shows_a_class(open_canvas: OpenCanvas) -> None:
    canvas = open_canvas()
    entry = canvas.page.get_by_role("button", name="alone")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false"
    canvas.hover(*ISOLATED)
    assert canvas.text("head") == "Between the points"
    assert not point_colour(canvas, *ISOLATED)
    entry.click()
    canvas.hover(*ISOLATED)
    assert canvas.text("head") == "alone"
    assert point_colour(canvas, *ISOLATED) == pytest.approx(
        list(bytes.fromhex(PALETTE[2][1:])), abs=2
    )


def point_colour(canvas: Map, x: float, y: float) -> list[int]:
    """Return the colour of the points layer at a position; empty if transparent."""
    px, py = canvas.value("state.toScreen(...given).map(Math.round)", [x, y])
    red, green, blue, alpha = canvas.value(
        "[...state.parts.dots.getContext('2d').getImageData(...given, 1, 1).data]", [px, py]
    )
    return [red, green, blue] if alpha > 100 else []


def test_values_have_a_colour_scale(scene: CanvasServer, open_canvas: OpenCanvas) -> None:
    values = np.linspace(0, 2, 61, dtype=np.float32)
    scene.add_bundle("values", "1", {"colour": values})
    scene.update_page(settings={"colour_title": "error", "scale": "signed"})
    canvas = open_canvas()
    assert canvas.text("scale").split() == ["error", "0", "2"]
    assert point_colour(canvas, *ISOLATED) == pytest.approx(list(bytes.fromhex("fb9b06")), abs=2)
    canvas.hover(*ISOLATED)
    assert "error: 2" in canvas.text("lines")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_canvas_follows_the_colour_scheme_of_the_page(open_canvas: OpenCanvas, scheme: Any) -> None:
    canvas = open_canvas(color_scheme=scheme)
    dark = scheme == "dark"
    assert (sum(canvas.value("state.ink.channels")) > 3 * 128) == dark
    background = canvas.page.locator(".latent-canvas-tools").evaluate(
        "tools => getComputedStyle(tools).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert (sum(background) < 3 * 128) == dark


def background_colour(canvas: Map, x: float, y: float) -> list[int]:
    """Return the colour of the background layer at a position."""
    px, py = canvas.value("state.toScreen(...given).map(Math.round)", [x, y])
    rgba = canvas.value(
        "[...state.parts.ground.getContext('2d').getImageData(...given, 1, 1).data]", [px, py]
    )
    return [int(channel) for channel in rgba]


def test_background_shows_decoded_images(scene: CanvasServer, open_canvas: OpenCanvas) -> None:
    scene.update_page(settings={"background": "images"})
    canvas = open_canvas()
    count = canvas.value("state.tiles.size")
    assert count > 50
    key = canvas.value("[...state.tiles.keys()][0]")
    side, column, row = map(float, key.split())
    x, y = (column + 0.5) * side, (row + 0.5) * side
    canvas.hover(x, y)
    colour = background_colour(canvas, x, y)
    assert colour[3] == 255
    middle = (SHAPE[0] // 2) * SHAPE[1] + SHAPE[1] // 2
    image = canvas.panel_image(1)
    if image is not None:
        assert colour[0] == pytest.approx(image[middle], abs=12)
    canvas.page.mouse.wheel(0, -900)
    canvas.wait_until_idle()
    assert canvas.value("state.tiles.size") > count


def test_density_background_is_opaque_only_near_points(
    scene: CanvasServer, open_canvas: OpenCanvas
) -> None:
    scene.update_page(settings={"background": "density"})
    canvas = open_canvas()
    assert background_colour(canvas, -4, 2)[3] > 60
    assert background_colour(canvas, -4, -3)[3] < 10


def test_grid_background_covers_its_extent(scene: CanvasServer, open_canvas: OpenCanvas) -> None:
    grid = np.zeros((4, 8), np.float32)
    grid[0, -1] = 1
    scene.add_bundle("grid", "1", {"grid": grid}, extent=[-6, 6, -4, 4])
    scene.update_page(settings={"background": "grid", "grid_title": "folds"})
    canvas = open_canvas()
    assert background_colour(canvas, 5.2, -2.9)[0] > 200
    assert max(background_colour(canvas, -5, -2.9)[:3]) < 30
    assert max(background_colour(canvas, 5.2, 2)[:3]) < 30
    assert canvas.text("grid-scale").split() == ["folds", "0", "1"]


def test_panel_is_below_the_map_on_a_narrow_screen(open_canvas: OpenCanvas) -> None:
    canvas = open_canvas(viewport={"width": 420, "height": 900})
    boxes = [
        canvas.page.locator(f".latent-canvas-{part}").bounding_box() for part in ("map", "panel")
    ]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    assert canvas.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
