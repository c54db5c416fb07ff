from typing import Any

import numpy as np
import pytest

from aecore.data.custom import greyscale
from aecore.data.custom.greyscale import grey
from aecore.data.custom.limits import Limits
from aecore.data.custom.options import Options
from aecore.errors import LabError

N = 50


def constant(value: complex, *shape: int, kind: str = "float64") -> np.ndarray:
    return np.full((N, *shape), value, dtype=kind)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (constant(0.5, 4, 5), 128),
        (constant(1, 4, 5, kind="float16"), 255),
        (constant(True, 4, 5, kind="bool"), 255),
        (constant(200.4, 4, 5), 200),
        (constant(200, 4, 5, kind="uint8"), 200),
        (constant(255, 4, 5, kind=">i4"), 255),
        (constant(190, 4, 5, 1), 190),
        (constant(190, 1, 4, 5), 190),
        (constant(190, 3, 4, 5), 190),
    ],
)
def test_numeric_types_and_layouts_become_uint8(pixels: np.ndarray, expected: int) -> None:
    images = grey(pixels, "x.npz").images
    assert images.dtype == np.uint8
    assert images.shape == (N, 4, 5)
    assert (images == expected).all()


def test_colour_becomes_luma_and_opacity_is_composed_onto_white() -> None:
    colour = np.zeros((N, 4, 4, 4), dtype=np.uint8)
    colour[0] = (255, 0, 0, 255)
    colour[1] = (0, 255, 0, 255)
    colour[2] = (0, 0, 0, 0)
    colour[3] = (0, 0, 0, 51)
    assert grey(colour, "x").images[:5, 0, 0].tolist() == [76, 150, 255, 204, 255]


def test_flat_rows_are_reshaped_to_squares() -> None:
    rows = np.arange(16 * N, dtype=np.float64).reshape(N, 16) % 256
    np.testing.assert_array_equal(grey(rows, "x").images[0], np.arange(16).reshape(4, 4))


def test_resizing_preserves_content() -> None:
    half_bright = np.zeros((N, 2, 300), dtype=np.uint8)
    half_bright[:, :, 150:] = 200
    images = grey(half_bright, "x", Options(size=(8, 8), fit="stretch")).images
    assert images.shape == (N, 8, 8)
    assert (images[:, :, :3] == 0).all()
    assert (images[:, :, 5:] == 200).all()


def test_large_images_are_converted_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(N * 16).reshape(N, 4, 4) % 256
    expected = grey(rows, "x").images
    monkeypatch.setattr(greyscale, "CHUNK_VALUES", 40)
    blocks = [block.size for block in greyscale._chunks(rows)]
    assert max(blocks) <= 40
    assert sum(blocks) == rows.size
    np.testing.assert_array_equal(grey(rows, "x").images, expected)


@pytest.mark.parametrize(
    ("pixels", "options", "message"),
    [
        (
            np.zeros((49, 4, 4)),
            {},
            r"x\.csv contains too few images \(49\); at least 50 are needed",
        ),
        (np.zeros(()), {}, "contains no images"),
        (np.zeros(N), {}, r"shape \(50,\); it must be \(images, height, width\)"),
        (np.zeros((N, 5, 5, 2)), {}, r"shape \(50, 5, 5, 2\)"),
        (np.zeros((N, 785)), {}, "785 pixels each, which is not a square.*name it label"),
        (np.zeros((N, 3, 9)), {}, "3 by 9 pixels; sides of 4 to 128"),
        (np.zeros((N, 129, 9)), {}, "129 by 9 pixels.*Provide a size"),
        (np.zeros((N, 0, 9)), {"options": Options(size=(8, 8))}, "no pixels"),
        (np.zeros((N, 0)), {}, "no pixels"),
        (np.zeros((N, 4, 4, 0)), {}, "no pixels"),
        (constant(np.nan, 4, 4), {}, "NaN"),
        (constant(np.inf, 4, 4), {}, "infinite"),
        (
            constant(-0.1, 4, 4),
            {},
            "range from -0.1 to -0.1; none may be below 0",
        ),
        (constant(1j, 4, 4, kind="complex64"), {}, "type complex64; they must be numbers"),
        (np.full((N, 4, 4), "a"), {}, "must be numbers"),
        (np.zeros((N, 4, 4)), {"limits": Limits(unpacked=799)}, "more than .* MB"),
    ],
)
def test_arrays_out_of_bounds_are_rejected(
    pixels: np.ndarray, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(LabError, match=message):
        grey(pixels, "x.csv", **options)


def test_rows_in_three_colours_are_interleaved_or_not() -> None:
    image = np.arange(64).reshape(8, 8) * 3
    colours = np.stack([image, image + 20, image + 60], axis=2)
    expected = np.rint(colours @ greyscale.LUMA.astype(float)).astype(np.uint8)
    for rows in (colours.reshape(-1), np.moveaxis(colours, 2, 0).reshape(-1)):
        np.testing.assert_array_equal(grey(np.stack([rows] * N), "x").images[0], expected)


def test_light_content_on_transparent_is_laid_on_black() -> None:
    pixels = np.zeros((N, 4, 4, 4), np.uint8)
    pixels[:, 1, 1] = 255
    images = grey(pixels, "x").images
    assert images[0, 1, 1] == 255
    assert images[0, 0, 0] == 0
