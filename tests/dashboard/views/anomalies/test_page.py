"""The Anomalies page without a browser."""

from io import BytesIO

import numpy as np
from PIL import Image

from dashboard.state import active_run
from dashboard.state.background import background_cache
from tests.dashboard.support import OpenPage, finish
from tests.support import current_job


def random_png(seed: int) -> bytes:
    file = BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_page_warns_of_anomalous_classes_and_trains_on_normal_ones(open_view: OpenPage) -> None:
    page = open_view("anomalies")
    assert not page.exception
    assert "saw anomalous classes in training (1, 2" in page.warning[0].value
    page.button(key="train normal").click().run()
    assert active_run.live().config.classes == "0"
    current_job().pause()
    page.run()
    assert not page.exception
    assert not any("saw anomalous" in each.value for each in page.warning)


def test_every_score_threshold_and_kind_of_anomaly_can_be_selected(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    for score in ("distance", "both", "error"):
        page.segmented_control(key="score").set_value(score).run()
        assert not page.exception
    for method in ("hand", "cost", "quantile"):
        page.segmented_control(key="threshold how").set_value(method).run()
        assert not page.exception
    page.selectbox(key="anomalous").set_value("strokes").run()
    finish(page)
    assert page.segmented_control(key="score").value == "error"


def test_uploaded_images_can_be_anomalous(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    page.selectbox(key="anomalous").set_value("/own").run()
    assert not page.exception
    assert "Upload some images" in page.info[-1].value
    files = [(f"{seed}.png", random_png(seed), "image/png") for seed in (1, 2)]
    page.file_uploader(key="anomalous upload").set_value(files).run()
    finish(page)
    assert not any("Upload some images" in each.value for each in page.info)
    values = [each.value for each in background_cache()._entries.values()]
    (scored,) = [
        each
        for each in values
        if getattr(each, "anomalous", None) is not None and each.anomalous.sum() == 2
    ]
    assert scored.anomalous[-2:].all()
    page.file_uploader(key="anomalous upload").set_value([("bad.png", b"bad", "image/png")]).run()
    assert not page.exception
    assert any("cannot be read" in each.value for each in page.error)


def test_page_asks_for_normal_classes_if_none_are_selected(open_view: OpenPage) -> None:
    page = open_view("anomalies")
    page.multiselect[0].set_value([]).run()
    assert not page.exception
    assert "Choose the normal classes" in page.info[-1].value
