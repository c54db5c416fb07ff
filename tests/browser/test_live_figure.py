import pytest

from tests.browser.lab import Lab, OpenTab
from tests.browser.server import Server

FIGURES = ("loss-curve", "latent-map", "code-activity", "reconstructions")


def mark_elements(lab: Lab) -> None:
    """Mark the element of each figure; a new element would not have the mark."""
    for key in FIGURES:
        lab.figure(key).evaluate("element => { element.marked = true }")


def element_marks(lab: Lab) -> list[bool]:
    """Return, for each figure, whether its element still has the mark."""
    return [lab.figure(key).evaluate("element => element.marked === true") for key in FIGURES]


def wait_for_redraws(lab: Lab, key: str, times: int = 2) -> None:
    before = lab.redraws(key)
    lab.wait_until(lambda: lab.redraws(key) >= before + times, f"{key} is redrawn")


def test_figures_keep_their_elements_across_redraws_changes_and_runs(lab: Lab) -> None:
    lab.ensure_fresh_run()
    lab.press("step 1")
    lab.wait_for_step(1)
    # A run at step 0 has the offer to resume the previous run above it, until its first step.
    lab.open_fresh_run()
    offer = lab.page.get_by_role("button", name="Resume")
    offer.wait_for()
    mark_elements(lab)
    lab.play()
    offer.wait_for(state="detached")
    for key in FIGURES:
        wait_for_redraws(lab, key)
    lab.slider("noise").press("ArrowRight")
    lab.wait_until(lambda: "noise" in lab.page.url, "the noise is changed")
    lab.slider("bottleneck").press("ArrowRight")
    lab.wait_until(
        lambda: lab.plot_value("code-activity", "_fullData[0].x.length") == 10, "there are 10 units"
    )
    before = lab.run
    lab.press("reset")
    lab.wait_until(lambda: lab.run != before, "a new run starts")
    for key in FIGURES:
        wait_for_redraws(lab, key)
    assert element_marks(lab) == [True] * len(FIGURES)


@pytest.mark.parametrize(
    ("key", "x_range", "y_range"),
    [("latent-map", [-1, 1], [-0.5, 0.5]), ("loss-curve", [2, 5], [-2, -1])],
)
def test_zoom_is_kept_across_redraws(
    lab: Lab, key: str, x_range: list[float], y_range: list[float]
) -> None:
    lab.ensure_fresh_run()
    lab.play()
    lab.wait_until_drawn()
    wait_for_redraws(lab, key, 1)
    zoom = {"xaxis.range": x_range, "yaxis.range": y_range}
    lab.figure(key).evaluate("(figure, zoom) => Plotly.relayout(figure, zoom)", zoom)
    zoomed = (
        lab.plot_value(key, "_fullLayout.xaxis.range"),
        lab.plot_value(key, "_fullLayout.yaxis.range"),
    )
    wait_for_redraws(lab, key, 3)
    lab.slider("noise").press("ArrowRight")
    lab.wait_until(lambda: "noise" in lab.page.url, "the noise is changed")
    wait_for_redraws(lab, key, 2)
    assert lab.plot_value(key, "_fullLayout.xaxis.range") == pytest.approx(zoomed[0])
    assert lab.plot_value(key, "_fullLayout.yaxis.range") == pytest.approx(zoomed[1])
    assert zoomed[0] == pytest.approx(x_range, abs=0.5 if key == "latent-map" else 1e-6)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_figures_are_readable_in_dark_and_light_schemes(
    open_tab: OpenTab, server: Server, scheme: str
) -> None:
    lab = open_tab(server, color_scheme=scheme)
    lab.ensure_fresh_run()
    lab.press("step 10")
    lab.wait_for_step(10)
    lab.wait_until(lambda: lab.redraws("loss-curve") > 0, "the curve is drawn")
    background = lab.page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    text = lab.plot_value("loss-curve", "_fullLayout.font.color")
    is_dark = brightness(lab, background) < 128
    assert is_dark == (scheme == "dark")
    assert abs(brightness(lab, background) - brightness(lab, text)) > 128


def brightness(lab: Lab, colour: str) -> float:
    """Return the brightness, 0 to 255, of a colour in any CSS notation."""
    rgba = lab.page.evaluate(
        """colour => {
          const context = document.createElement("canvas").getContext("2d");
          context.fillStyle = colour;
          context.fillRect(0, 0, 1, 1);
          return [...context.getImageData(0, 0, 1, 1).data];
        }""",
        colour,
    )
    return float(sum(rgba[:3])) / 3
