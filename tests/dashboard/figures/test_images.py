from io import BytesIO

import numpy as np
from PIL import Image

from dashboard.figures import images as image_figures


def test_mosaic_of_one_image_is_that_image() -> None:
    image = np.array([[0, 0.5], [1, 2]], np.float32)
    sheet = image_figures.mosaic([image[None]], error_last=False)
    assert sheet[..., 0].tolist() == [[0, 128], [255, 255]]
    assert (sheet[..., 3] == 255).all()


def test_gaps_of_a_mosaic_are_transparent() -> None:
    sheet = image_figures.mosaic([np.ones((3, 4, 5), np.float32)] * 2)
    assert sheet.shape == (2 * 4 + 2, 3 * 5 + 4, 4)
    assert not sheet[4:6].any()
    assert not sheet[:, 5:7].any()
    assert (sheet[:4, 7:12, :3] == 255).all()


def test_errors_are_coloured_from_dark_to_light() -> None:
    errors = np.linspace(0, 1, 5, dtype=np.float32)[None, None]
    brightness = image_figures.mosaic([errors])[0, :, :3].sum(axis=1).astype(int)
    assert np.all(np.diff(brightness) > 0)


def test_signed_errors_are_black_at_zero() -> None:
    errors = np.array([[[-0.25, 0, 0.25]]], np.float32)
    sheet = image_figures.mosaic([errors, errors], signed=True)
    assert (sheet[0] == sheet[-1]).all()
    negative, zero, positive = sheet[0, :, :3].astype(int)
    assert zero.sum() < 10
    assert negative[2] > negative[0]
    assert positive[0] > positive[2]


def test_mosaic_handles_nan_and_is_encoded_losslessly_as_png() -> None:
    sheet = image_figures.mosaic([np.full((2, 3, 3), np.nan, np.float32)])
    with Image.open(BytesIO(image_figures.png(sheet))) as image:
        assert (np.asarray(image) == sheet).all()
