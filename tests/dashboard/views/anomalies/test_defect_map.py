"""The map of defects on the Anomalies page, without a browser."""

from base64 import b64decode
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from aecore.applications import defects
from tests.dashboard.support import OpenPage, captions, finish
from tests.dashboard.test_words_on_page import figure_of


def shown_image(page: AppTest) -> Any:
    return figure_of(page, "defects")["data"][0]["z"]


def test_map_follows_the_chosen_image(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    assert "standard deviations above the error that is normal there" in captions(page)
    first = shown_image(page)
    page.number_input(key="defect rank").set_value(2).run()
    assert not page.exception
    second = shown_image(page)
    assert second != first
    page.segmented_control(key="defect images").set_value("normal").run()
    assert shown_image(page) not in (first, second)
    page.number_input(key="defect rank").set_value(10**6).run()
    assert not page.exception


def test_uploaded_image_is_mapped(open_view: OpenPage) -> None:
    page = finish(open_view("anomalies", classes="0,1"))
    page.selectbox(key="anomalous").set_value("/own").run()
    file = BytesIO()
    Image.fromarray(np.full((8, 8), 51, np.uint8)).save(file, "PNG")
    upload = [("grey.png", file.getvalue(), "image/png")]
    page.file_uploader(key="anomalous upload").set_value(upload).run()
    page = finish(page)
    pixels = np.frombuffer(b64decode(shown_image(page)["bdata"]), np.float32)
    assert pixels.tolist() == [np.float32(0.2)] * 64


def test_too_few_normal_images_are_named(
    open_view: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defects, "LEAST_NORMAL", 10**6)
    page = finish(open_view("anomalies", classes="0,1"))
    assert any("too few normal held-out images" in each.value for each in page.info)
