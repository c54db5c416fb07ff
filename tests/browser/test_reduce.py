"""The Dimensionality page: scaling with dataset size."""

from aecore.experiments.scaling import Measurement, save
from tests.browser.lab import GoToPage, Lab


def test_scaling_can_be_cancelled_and_saved_measurements_are_shown(
    lab: Lab, go_to_page: GoToPage
) -> None:
    go_to_page("Dimensionality", "reduce-curve")
    lab.press("measure scaling")
    lab.button("cancel scaling").click()
    lab.button("cancel scaling").wait_for(state="detached")
    rows = [
        Measurement(method, count, 784, count / 1e4, 0.1, size)
        for method, growth in (("full", 16), ("autoencoder", 0))
        for count in (1_000, 5_000)
        if (size := 60 + growth * count * 784 / 2**20)
    ]
    # Measurements saved by another program are shown on the next visit.
    save(rows, lab.server.runs)
    go_to_page("Train", "latent-map")
    go_to_page("Dimensionality", "reduce-curve")
    lab.wait_until(lambda: lab.redraws("scaling-megabytes") > 0, "memory is drawn")
    lab.wait_until(
        lambda: "Full PCA holds all images in memory" in lab.text, "its limit is explained"
    )
    assert lab.plot_value("scaling-seconds", "layout.xaxis.type") == "log"
