"""The Denoise page without a browser."""

import threading

import pytest

from aecore.errors import LabError
from dashboard.state import active_run
from tests.dashboard.support import OpenPage, captions, finish


def test_noise_is_added_and_denoising_is_measured(open_view: OpenPage) -> None:
    page = open_view("denoise", noise="0")
    assert not page.exception
    assert "trained on clean images" in page.info[0].value
    assert "At 0.30, on 100 held-out images: autoencoder" in captions(page)
    finish(page)
    assert "Best baseline" in captions(page)
    assert "are fitted" not in captions(page)
    page.slider(key="denoise level").set_value(0.5).run()
    page.selectbox(key="denoise kind").set_value("masking").run()
    page.button(key="denoise others").click().run()
    assert not page.exception
    assert "At 0.50, on 100 held-out images" in captions(page)


def test_page_does_not_wait_for_baselines(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def fit(*_: object) -> None:
        gate.wait(100)
        raise LabError("{name} cannot be fitted.", name="It")

    monkeypatch.setattr("aecore.applications.denoising.fit", fit)
    try:
        page = open_view("denoise", noise="0")
        assert not page.exception
        assert "At 0.30, on 100 held-out images: autoencoder" in captions(page)
        assert "Fitting baselines: 0 of 7." in captions(page)
        assert len(page.sidebar.selectbox) > 0
    finally:
        gate.set()
    finish(page)
    assert any("It cannot be fitted." in each.value for each in page.error)


def test_denoising_run_can_be_started_from_the_page(open_view: OpenPage) -> None:
    page = open_view("denoise", noise="0")
    page.slider(key="denoise level").set_value(0.4).run()
    page.button(key="train denoising").click().run()
    assert active_run.live().config.noise == 0.4
    assert active_run.live().playing
    assert not page.exception
