"""Mosaics of images, and their encoding as PNG."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from dashboard.figures.theme import (
    INFERNO,
    SIGNED,
    coloured,
)

GAP = 2


def mosaic(
    rows: Sequence[NDArray[np.float32]], *, error_last: bool = True, signed: bool = False
) -> NDArray[np.uint8]:
    """Lay rows of images out as one picture with transparent gaps.

    Parameters
    ----------
    rows : sequence of ndarray of float32, each of shape (k, H, W)
        Grey images with pixels in [0, 1]; the last row may hold errors, or all rows differences.
    error_last : bool
        Whether the last row holds errors, which are drawn in colour.
    signed : bool
        Whether all rows hold differences in [-1, 1], drawn in colour.

    Returns
    -------
    ndarray of uint8, shape (len(rows) * (H + GAP) - GAP, k * (W + GAP) - GAP, 4)
        RGBA.
    """
    count, height, width = rows[0].shape
    sheet = np.zeros((len(rows), height + GAP, count, width + GAP, 4), np.uint8)
    for row, images in enumerate(rows):
        values = np.nan_to_num(np.asarray(images, np.float32))
        is_error = signed or (error_last and row == len(rows) - 1)
        colours = _error(values, signed) if is_error else _grey(values)
        sheet[row, :height, :, :width, :3] = colours.swapaxes(0, 1)
        sheet[row, :height, :, :width, 3] = 255
    return sheet.reshape(len(rows) * (height + GAP), -1, 4)[:-GAP, :-GAP]


def png(image: NDArray[np.uint8]) -> bytes:
    """Encode an image as PNG.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width) or (height, width, 4)
        Grey or RGBA.

    Returns
    -------
    bytes
    """
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=3)
    return file.getvalue()


def _grey(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values.clip(0, 1)[..., None] * 255).round().astype(np.uint8)


def _error(values: NDArray[np.float32], signed: bool) -> NDArray[np.uint8]:
    """Colour errors by their square root."""
    # Most errors are small: on a linear scale they would all be black.
    root = np.sign(values) * np.sqrt(np.abs(values))
    return coloured((root + 1) / 2, SIGNED) if signed else coloured(root, INFERNO)
