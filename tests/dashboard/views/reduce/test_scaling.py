"""Scaling with dataset size on the Dimensionality page, without a browser."""

from collections.abc import Iterator

import pytest

from aecore.errors import LabError
from aecore.experiments import scaling
from aecore.experiments.scaling import Measurement
from dashboard.state import active_run, experiments
from tests.dashboard.support import OpenPage, captions
from tests.support import until


def test_scaling_is_measured_shown_and_saved(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(
        counts: tuple[int, ...], sides: list[int], *, cancel: object
    ) -> Iterator[Measurement]:
        assert (counts, sides) == ((1_000, 5_000), [28])
        for count in counts:
            yield Measurement("full", count, 784, count / 1e4, 0.1, count * 784 * 16 / 2**20)
            yield Measurement("autoencoder", count, 784, count / 2e4, 0.1, 60.0)
        yield Measurement("full", 10**7, 784, reason="no room")

    monkeypatch.setattr(scaling, "measure", measure)
    monkeypatch.setattr(scaling, "available", lambda: 8 * 2**30)
    page = open_view("reduce")
    assert "Full PCA holds" not in captions(page)
    page.button(key="measure scaling").click().run()
    task = experiments.measurements().task
    assert task is not None
    until(lambda: not task.running)
    page.run()
    assert not page.exception
    assert "16 bytes per pixel of each image" in captions(page)
    assert "a million images of 28 by 28 would need 12 GB" in captions(page)
    assert "With 8 GB of free memory on this machine it reaches its limit at about 680,000" in (
        captions(page)
    )
    assert "was not measured: no room" in captions(page)
    assert len(scaling.load(active_run.root())) == 5


def test_failed_measurement_shows_an_error(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(*_: object, **__: object) -> Iterator[Measurement]:
        raise LabError("There is no {what}.", what="room")

    monkeypatch.setattr(scaling, "measure", measure)
    page = open_view("reduce")
    page.button(key="measure scaling").click().run()
    task = experiments.measurements().task
    assert task is not None
    until(lambda: not task.running)
    page.run()
    assert any("There is no room." in each.value for each in page.error)
