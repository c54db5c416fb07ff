"""Sliders take effect while they are dragged."""

import pytest

from tests.browser.lab import Lab


def press(lab: Lab, name: str) -> tuple[float, float]:
    """Press the thumb of a slider, and return where it is."""
    thumb = lab.slider(name).locator("xpath=..")
    thumb.scroll_into_view_if_needed()
    box = thumb.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    return x, y


def units(lab: Lab) -> int:
    """Return the number of units that the figure of the code's activity shows."""
    return int(lab.plot_value("code-activity", "_fullData[0].x.length"))


@pytest.mark.parametrize("playing", [True, False])
def test_network_follows_the_bottleneck_under_the_finger(lab: Lab, playing: bool) -> None:
    lab.ensure_fresh_run()
    lab.press("step 10")
    lab.wait_for_step(10)
    if playing:
        lab.play()
    run = lab.run
    x, y = press(lab, "bottleneck")
    for distance in (20, 40, 60):
        lab.page.mouse.move(x + distance, y, steps=3)
        shown = int(lab.slider_value("bottleneck"))
        assert shown > 8
        lab.wait_until(lambda shown=shown: units(lab) == shown, "the code follows")  # type: ignore[misc]
    # The page's address follows on release.
    assert "bottleneck" not in lab.page.url
    lab.page.mouse.up()
    lab.wait_until(lambda: f"bottleneck={shown}" in lab.page.url, "the slider is released")
    assert lab.slider_value("bottleneck") == str(shown)
    assert (lab.run, lab.playing) == (run, playing)
    if playing:
        lab.pause()
    edits = lab.server.saved_state()["edits"]
    assert len(edits) >= 3
    assert len({edit["drag"] for edit in edits}) == 1
    assert edits[-1]["changes"]["bottleneck"][1] == shown


def test_slider_that_is_moved_back_leaves_the_setting_as_it_was(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.play()
    x, y = press(lab, "noise")
    lab.page.mouse.move(x + 60, y, steps=5)
    lab.wait_until(lambda: "Validation error" in lab.text and lab.step > 1, "it trains")
    lab.page.wait_for_timeout(500)
    lab.page.mouse.move(x, y, steps=5)
    lab.page.mouse.up()
    lab.wait_until(lambda: lab.slider_value("noise") == "0.00", "the slider is where it was")
    lab.wait_for_step(lab.step + 1)
    lab.pause()
    changes = [edit["changes"]["noise"] for edit in lab.server.saved_state()["edits"]]
    assert changes
    assert changes[-1][1] == 0
    assert "noise" not in lab.page.url
