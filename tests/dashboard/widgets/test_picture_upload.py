"""Pictures uploaded on the pages that apply a network to them."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from aecore import data
from tests.dashboard.support import OpenPage, captions


def png(pixels: Any) -> tuple[str, bytes, str]:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "mine.png", buffer.getvalue(), "image/png"


DIGIT = np.kron(data.load("digits").test_images[0], np.ones((4, 4), np.uint8))


@pytest.mark.parametrize(
    ("view", "key", "open_upload"),
    [
        ("denoise", "denoise upload", None),
        ("iterate", "onto upload", ("onto source", "own")),
    ],
)
def test_dark_on_light_is_recognised_and_inverting_offered(
    open_view: OpenPage, view: str, key: str, open_upload: tuple[str, str] | None
) -> None:
    page = open_view(view)
    if open_upload is not None:
        page.segmented_control(key=open_upload[0]).set_value(open_upload[1]).run()
        assert "Upload a picture" in page.info[0].value
    page.file_uploader(key=key).set_value([png(255 - DIGIT)]).run()
    assert not page.exception
    assert "They are dark on light, unlike the training images." in captions(page)
    page.toggle(key=f"{key} invert").set_value(True).run()
    assert not page.exception


def test_what_is_usual_is_not_mentioned(open_view: OpenPage) -> None:
    page = open_view("denoise")
    page.file_uploader(key="denoise upload").set_value([png(DIGIT)]).run()
    assert not page.exception
    assert "unlike the training images" not in captions(page)


def test_pictures_of_more_bits_are_scaled_and_it_is_said(open_view: OpenPage) -> None:
    page = open_view("denoise")
    page.file_uploader(key="denoise upload").set_value([png(DIGIT.astype(np.uint16) * 16)]).run()
    assert not page.exception
    assert "White is 4080" in captions(page)


def test_file_that_is_not_a_picture_is_named(open_view: OpenPage) -> None:
    page = open_view("denoise")
    upload = ("page.png", b"<html>", "image/png")
    page.file_uploader(key="denoise upload").set_value([upload]).run()
    assert any("page.png in" in each.value and "web page" in each.value for each in page.error)
