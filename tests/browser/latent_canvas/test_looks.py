from typing import Any

import numpy as np
import pytest

from dashboard.figures.theme import PALETTE
from tests.browser.latent_canvas.map import CanvasServer, Map
from tests.browser.latent_canvas.scene import LONELY, SHAPE, Open


def test_the_legend_hides_a_class(opened: Open) -> None:
    canvas = opened()
    entry = canvas.page.get_by_role("button", name="alone")
    entry.click()
    assert entry.get_attribute("aria-pressed") == "false"
    canvas.hover(*LONELY)
    assert canvas.text("head") == "Between the points"
    assert not inked(canvas, *LONELY)
    entry.click()
    canvas.hover(*LONELY)
    assert canvas.text("head") == "alone"
    assert inked(canvas, *LONELY) == pytest.approx(list(bytes.fromhex(PALETTE[2][1:])), abs=2)


def inked(canvas: Map, x: float, y: float) -> list[int]:
    """Return the colour of the layer of points at a place; empty where there is none."""
    px, py = canvas.state("state.toScreen(...given).map(Math.round)", [x, y])
    red, green, blue, alpha = canvas.state(
        "[...state.parts.dots.getContext('2d').getImageData(...given, 1, 1).data]", [px, py]
    )
    return [red, green, blue] if alpha > 100 else []


def test_values_have_a_colour_scale(scene: CanvasServer, opened: Open) -> None:
    values = np.linspace(0, 2, 61, dtype=np.float32)
    scene.bring("values", "1", {"colour": values})
    scene.say(settings={"colour_title": "error", "scale": "signed"})
    canvas = opened()
    assert canvas.text("scale").split() == ["error", "0", "2"]
    assert inked(canvas, *LONELY) == pytest.approx(list(bytes.fromhex("fb9b06")), abs=2)
    canvas.hover(*LONELY)
    assert "error: 2" in canvas.text("lines")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_page_into_the_dark(opened: Open, scheme: Any) -> None:
    canvas = opened(color_scheme=scheme)
    dark = scheme == "dark"
    assert (sum(canvas.state("state.ink.channels")) > 3 * 128) == dark
    ground = canvas.page.locator(".latent-canvas-tools").evaluate(
        "tools => getComputedStyle(tools).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)"
    )
    assert (sum(ground) < 3 * 128) == dark


def ground(canvas: Map, x: float, y: float) -> list[int]:
    px, py = canvas.state("state.toScreen(...given).map(Math.round)", [x, y])
    found = canvas.state(
        "[...state.parts.ground.getContext('2d').getImageData(...given, 1, 1).data]", [px, py]
    )
    return [int(channel) for channel in found]


def test_behind_the_points_lie_decoded_images(scene: CanvasServer, opened: Open) -> None:
    scene.say(settings={"background": "images"})
    canvas = opened()
    count = canvas.state("state.tiles.size")
    assert count > 50
    key = canvas.state("[...state.tiles.keys()][0]")
    side, column, row = map(float, key.split())
    x, y = (column + 0.5) * side, (row + 0.5) * side
    canvas.hover(x, y)
    shown = ground(canvas, x, y)
    assert shown[3] == 255
    middle = (SHAPE[0] // 2) * SHAPE[1] + SHAPE[1] // 2
    picture = canvas.picture(1)
    if picture is not None:
        assert shown[0] == pytest.approx(picture[middle], abs=12)
    canvas.page.mouse.wheel(0, -900)
    canvas.rest()
    assert canvas.state("state.tiles.size") > count


def test_density_is_where_the_points_are(scene: CanvasServer, opened: Open) -> None:
    scene.say(settings={"background": "density"})
    canvas = opened()
    assert ground(canvas, -4, 2)[3] > 60
    assert ground(canvas, -4, -3)[3] < 10


def test_a_given_grid_lies_where_it_belongs(scene: CanvasServer, opened: Open) -> None:
    grid = np.zeros((4, 8), np.float32)
    grid[0, -1] = 1
    scene.bring("grid", "1", {"grid": grid}, extent=[-6, 6, -4, 4])
    scene.say(settings={"background": "grid", "grid_title": "folds"})
    canvas = opened()
    assert ground(canvas, 5.2, -2.9)[0] > 200
    assert max(ground(canvas, -5, -2.9)[:3]) < 30
    assert max(ground(canvas, 5.2, 2)[:3]) < 30
    assert canvas.text("grid-scale").split() == ["folds", "0", "1"]


def test_on_a_narrow_screen_the_panel_is_below(opened: Open) -> None:
    canvas = opened(viewport={"width": 420, "height": 900})
    boxes = [
        canvas.page.locator(f".latent-canvas-{part}").bounding_box() for part in ("map", "panel")
    ]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    assert canvas.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
