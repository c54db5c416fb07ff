"""The Guide: its picture follows the network, and its buttons begin what they say."""

from tests.browser.lab import Lab

# Layers from image to reconstruction in a quick run: the code is the third.
CODE = 2


def opened(lab: Lab, **settings: object) -> None:
    lab.open_fresh(**settings)
    lab.page.get_by_role("link", name="Guide").click()
    lab.until(lambda: lab.figure("guide-code").count() == 1, "the page is there")
    lab.until(lambda: lab.redraws("network") * lab.redraws("guide-code") > 0, "it is drawn")
    lab.until_settled()


def drawn(lab: Lab) -> tuple[str, float]:
    """Return what stands below the code, and how high it is drawn."""
    bars = "layout.shapes.filter(shape => shape.type === 'rect')"
    height = lab.plotted("network", f"{bars}[{CODE}].y1")
    return str(lab.plotted("network", f"layout.annotations[{CODE}].text")), float(height)


def test_the_network_follows_the_bottleneck_and_the_noise(lab: Lab) -> None:
    opened(lab, bottleneck=8)
    said, height = drawn(lab)
    assert said == "8"
    lab.slider("bottleneck").press("ArrowRight")
    lab.until(lambda: drawn(lab)[0] == "10", "the picture has ten units")
    assert drawn(lab)[1] > height
    lab.until(lambda: len(lab.plotted("guide-code", "_fullData[0].x")) == 10, "so has the code")
    lab.slider("noise").press("ArrowRight")
    lab.until(
        lambda: (
            "noise 0.05" in lab.plotted("network", "layout.annotations.map(a => a.text).join()")
        ),
        "the picture says the noise",
    )


def test_a_variant_is_begun_and_played_on_the_train_page(lab: Lab) -> None:
    opened(lab)
    before = lab.server.newest()
    lab.press("lesson two_dimensional")
    lab.until(lambda: lab.server.newest() != before, "a run begins")
    lab.until_drawn()
    lab.until(lambda: lab.playing, "it plays")
    lab.until_step(1)
    assert lab.server.config()["bottleneck"] == 2
    assert lab.chosen("preset") == "Two-dimensional"
    lab.pause()
