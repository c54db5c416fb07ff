import pytest

from tests.browser.lab import Lab, Tabs
from tests.browser.server import Server

FIGURES = ("loss-curve", "latent-map", "code-activity", "reconstructions")


def mark(lab: Lab) -> None:
    """Leave a mark on the element of each figure, which a new element would not have."""
    for key in FIGURES:
        lab.figure(key).evaluate("element => { element.marked = true }")


def marked(lab: Lab) -> list[bool]:
    return [lab.figure(key).evaluate("element => element.marked === true") for key in FIGURES]


def redrawn(lab: Lab, key: str, times: int = 2) -> None:
    before = lab.redraws(key)
    lab.until(lambda: lab.redraws(key) >= before + times, f"{key} is redrawn")


def test_figures_keep_their_elements_across_redraws_changes_and_runs(lab: Lab) -> None:
    lab.fresh()
    lab.press("step 1")
    lab.until_step(1)
    # Above a run not yet begun stands the offer to go on with that one, until the first step.
    lab.open_fresh()
    offer = lab.page.get_by_role("button", name="Resume")
    offer.wait_for()
    mark(lab)
    lab.play()
    offer.wait_for(state="detached")
    for key in FIGURES:
        redrawn(lab, key)
    lab.slider("noise").press("ArrowRight")
    lab.until(lambda: "noise" in lab.page.url, "the noise is changed")
    lab.slider("bottleneck").press("ArrowRight")
    lab.until(lambda: lab.plotted("code-activity", "_fullData[0].x.length") == 10, "10 units")
    before = lab.server.newest()
    lab.press("reset")
    lab.until(lambda: lab.server.newest() != before, "a new run begins")
    for key in FIGURES:
        redrawn(lab, key)
    assert marked(lab) == [True] * len(FIGURES)


@pytest.mark.parametrize(
    ("key", "across", "up"),
    [("latent-map", [-1, 1], [-0.5, 0.5]), ("loss-curve", [2, 5], [-2, -1])],
)
def test_a_zoom_is_kept_across_redraws(
    lab: Lab, key: str, across: list[float], up: list[float]
) -> None:
    lab.fresh()
    lab.play()
    lab.until_drawn()
    redrawn(lab, key, 1)
    zoom = {"xaxis.range": across, "yaxis.range": up}
    lab.figure(key).evaluate("(figure, zoom) => Plotly.relayout(figure, zoom)", zoom)
    kept = lab.plotted(key, "_fullLayout.xaxis.range"), lab.plotted(key, "_fullLayout.yaxis.range")
    redrawn(lab, key, 3)
    lab.slider("noise").press("ArrowRight")
    lab.until(lambda: "noise" in lab.page.url, "the noise is changed")
    redrawn(lab, key, 2)
    assert lab.plotted(key, "_fullLayout.xaxis.range") == pytest.approx(kept[0])
    assert lab.plotted(key, "_fullLayout.yaxis.range") == pytest.approx(kept[1])
    assert kept[0] == pytest.approx(across, abs=0.5 if key == "latent-map" else 1e-6)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_figures_are_readable_in_the_dark_and_in_the_light(
    tabs: Tabs, server: Server, scheme: str
) -> None:
    lab = tabs(server, color_scheme=scheme)
    lab.fresh()
    lab.press("step 10")
    lab.until_step(10)
    lab.until(lambda: lab.redraws("loss-curve") > 0, "the curve is drawn")
    ground = lab.page.locator(".stApp").evaluate("e => getComputedStyle(e).backgroundColor")
    text = lab.plotted("loss-curve", "_fullLayout.font.color")
    is_dark = brightness(lab, ground) < 128
    assert is_dark == (scheme == "dark")
    assert abs(brightness(lab, ground) - brightness(lab, text)) > 128


def brightness(lab: Lab, colour: str) -> float:
    """Return how bright a colour is, 0 to 255, however CSS writes it."""
    painted = lab.page.evaluate(
        """colour => {
          const dot = document.createElement("canvas").getContext("2d");
          dot.fillStyle = colour;
          dot.fillRect(0, 0, 1, 1);
          return [...dot.getImageData(0, 0, 1, 1).data];
        }""",
        colour,
    )
    return float(sum(painted[:3])) / 3
