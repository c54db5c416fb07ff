"""Onto the manifold: digits drawn by hand."""

from tests.browser.lab import Goes, Lab


def test_a_drawn_digit_is_reconstructed_and_placed_on_the_map(lab: Lab, goes: Goes) -> None:
    goes("Onto the manifold", "onto-map")
    assert "Its code lies farther" in lab.text
    lab.widget("onto source").get_by_text("Draw", exact=True).click()
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
    lab.until(lambda: lab.redraws("onto-strip") > 0, "the drawing is reconstructed")
    lab.until(lambda: lab.figure("onto-map").count() == 1, "the map is drawn")
    way = lab.plotted("onto-map", "data.at(-1).x.length")
    assert way == 9
    lab.page.locator('.draw-pad [data-act="undo"]').click()
    lab.says("Draw something")


def test_a_finger_draws_too(lab: Lab, goes: Goes) -> None:
    goes("Onto the manifold", "onto-map") if lab.page.url == "about:blank" else None
    lab.widget("onto source").get_by_text("Draw", exact=True).click()
    sheet = lab.page.locator(".draw-pad-sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    assert box is not None
    touch = lab.page.context.new_cdp_session(lab.page)
    for kind, down in (("touchStart", 40), ("touchMove", 90), ("touchMove", 150)):
        places = [{"x": box["x"] + 90, "y": box["y"] + down}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    lab.until(lambda: lab.figure("onto-strip").count() == 1, "the drawing is reconstructed")
