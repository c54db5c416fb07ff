"""Reduce: growing data are measured."""

from aecore.experiments.scaling import Measurement, save
from tests.browser.lab import Goes, Lab


def test_growth_is_measured_and_can_be_cancelled(lab: Lab, goes: Goes) -> None:
    goes("Dimensionality", "reduce-curve")
    lab.press("measure scaling")
    lab.button("cancel scaling").click()
    lab.button("cancel scaling").wait_for(state="detached")
    rows = [
        Measurement(method, count, 784, count / 1e4, 0.1, size)
        for method, growth in (("full", 16), ("autoencoder", 0))
        for count in (1_000, 5_000)
        if (size := 60 + growth * count * 784 / 2**20)
    ]
    # What is measured elsewhere is shown on the next visit.
    save(rows, lab.server.runs)
    goes("Train", "latent-map")
    goes("Dimensionality", "reduce-curve")
    lab.until(lambda: lab.redraws("scaling-megabytes") > 0, "memory is drawn")
    lab.until(lambda: "Full PCA holds all images in memory" in lab.text, "its limit is told")
    assert lab.plotted("scaling-seconds", "layout.xaxis.type") == "log"
