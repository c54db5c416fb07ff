"""The Onto the manifold page: digits drawn by hand."""

from aecore.applications import iteration
from tests.browser.lab import GoToPage, Lab


def test_drawn_digit_is_reconstructed_and_shown_on_the_map(lab: Lab, go_to_page: GoToPage) -> None:
    go_to_page("Onto the manifold", "onto-map")
    lab.page.get_by_text("Its code lies farther").wait_for()
    for name in ("removed", "kept", "something else"):
        lab.page.get_by_test_id("stMetric").filter(has_text=name).wait_for()
    lab.page.locator('.live-mosaic[data-key="onto-split"] img').wait_for()
    lab.widget("onto source").get_by_text("Draw", exact=True).click()
    lab.page.locator('.draw-pad [data-act="clear"]').click()
    lab.wait_for_notice("Draw something")
    canvas = lab.page.locator(".draw-pad-sheet")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + 100, box["y"] + 30)
    lab.page.mouse.down()
    for y in range(40, 170, 10):
        lab.page.mouse.move(box["x"] + 100, box["y"] + y)
    lab.page.mouse.up()
    lab.wait_until(lambda: lab.redraws("onto-strip") > 0, "the drawing is reconstructed")
    lab.wait_until(lambda: lab.figure("onto-map").count() == 1, "the map is drawn")
    path_length = lab.plot_value("onto-map", "data.at(-1).x.length")
    assert path_length == iteration.PASSES + 1
    lab.page.locator('.draw-pad [data-act="undo"]').click()
    lab.wait_for_notice("Draw something")


def test_drawing_by_touch(lab: Lab, go_to_page: GoToPage) -> None:
    go_to_page("Onto the manifold", "onto-map") if lab.page.url == "about:blank" else None
    lab.widget("onto source").get_by_text("Draw", exact=True).click()
    canvas = lab.page.locator(".draw-pad-sheet")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    touch = lab.page.context.new_cdp_session(lab.page)
    for kind, y in (("touchStart", 40), ("touchMove", 90), ("touchMove", 150)):
        points = [{"x": box["x"] + 90, "y": box["y"] + y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    lab.wait_until(lambda: lab.figure("onto-strip").count() == 1, "the drawing is reconstructed")
