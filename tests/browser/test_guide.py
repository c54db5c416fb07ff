"""The Guide page: its figure follows the network, and its buttons start the described runs."""

from tests.browser.lab import Lab

# Index of the code among the layers of a quick run, from image to reconstruction.
CODE = 2


def open_guide(lab: Lab, **settings: object) -> None:
    lab.open_fresh_run(**settings)
    lab.page.get_by_role("link", name="Guide").click()
    lab.wait_until(lambda: lab.figure("guide-code").count() == 1, "the page is shown")
    lab.wait_until(
        lambda: lab.redraws("network") * lab.redraws("guide-code") > 0, "the figures are drawn"
    )
    lab.wait_until_settled()


def code_layer(lab: Lab) -> tuple[str, float]:
    """Return the label below the code layer, and its drawn height."""
    bars = "layout.shapes.filter(shape => shape.type === 'rect')"
    height = lab.plot_value("network", f"{bars}[{CODE}].y1")
    return str(lab.plot_value("network", f"layout.annotations[{CODE}].text")), float(height)


def test_network_figure_follows_the_bottleneck_and_the_noise(lab: Lab) -> None:
    open_guide(lab, bottleneck=8)
    label, height = code_layer(lab)
    assert label == "8"
    lab.slider("bottleneck").press("ArrowRight")
    lab.wait_until(lambda: code_layer(lab)[0] == "10", "the figure has ten units")
    assert code_layer(lab)[1] > height
    lab.wait_until(
        lambda: len(lab.plot_value("guide-code", "_fullData[0].x")) == 10, "the code has ten units"
    )
    lab.slider("noise").press("ArrowRight")
    lab.wait_until(
        lambda: (
            "noise 0.05" in lab.plot_value("network", "layout.annotations.map(a => a.text).join()")
        ),
        "the figure shows the noise",
    )


def test_variant_is_started_and_played_on_the_train_page(lab: Lab) -> None:
    open_guide(lab)
    before = lab.run
    lab.press("lesson two_dimensional")
    lab.wait_until(lambda: lab.run != before, "a new run starts")
    lab.wait_until_drawn()
    lab.wait_until(lambda: lab.playing, "the run plays")
    lab.wait_for_step(1)
    assert lab.config.bottleneck == 2
    assert lab.selected("preset") == "Two-dimensional"
    lab.pause()
