"""The Denoise page without a browser."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from torch import Generator

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.network.autoencoder import Autoencoder
from aecore.runs.trained_model import TrainedModel
from dashboard.state import active_run
from dashboard.state.background import background_cache
from dashboard.views.denoise import curves
from tests.dashboard.support import OpenPage, captions, finish


def test_noise_is_added_and_denoising_is_measured(open_view: OpenPage) -> None:
    page = open_view("denoise", noise="0")
    assert not page.exception
    assert "trained on clean images" in page.info[0].value
    assert "The PSNR here is that of these 10 images; the curve is measured on 359." in captions(
        page
    )
    finish(page)
    assert "At 0.30, on 359 held-out images, at step 0: autoencoder" in captions(page)
    assert "Best baseline" in captions(page)
    assert "Fitting baselines" not in captions(page)
    page.slider(key="denoise level").set_value(0.5).run()
    page.selectbox(key="denoise kind").set_value("masking").run()
    page.button(key="denoise others").click().run()
    assert not page.exception
    assert "At 0.50, on 359 held-out images" in captions(page)


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
        assert background_cache().wait(100)
        page.run()
        assert not page.exception
        assert "At 0.30, on 359 held-out images, at step 0: autoencoder" in captions(page)
        assert "Fitting baselines: 0 of 7." in captions(page)
        assert len(page.sidebar.selectbox) > 0
    finally:
        gate.set()
    finish(page)
    assert any("It cannot be fitted." in each.value for each in page.error)


def test_curves_are_measured_on_a_thousand_images_or_all(digits: Dataset) -> None:
    def count(held_out: int) -> int:
        images = np.resize(digits.test_images, (held_out, *digits.shape))
        dataset = replace(digits, test_images=images, test_labels=np.zeros(held_out, np.int64))
        model = Autoencoder(dataset.shape, Config(dataset="digits"), generator=Generator())
        return curves.held_out_count(TrainedModel("x", 0, Config(), model, dataset))

    assert count(1200) == 1000
    assert count(300) == 300


def test_denoising_run_can_be_started_from_the_page(open_view: OpenPage) -> None:
    page = open_view("denoise", noise="0")
    page.slider(key="denoise level").set_value(0.4).run()
    page.button(key="train denoising").click().run()
    assert active_run.live().config.noise == 0.4
    assert active_run.live().playing
    assert not page.exception
