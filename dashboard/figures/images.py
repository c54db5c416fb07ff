"""Arrays become plotly figures and images.

They say what is drawn; font, text colour and grid come from the page, in the browser
(`components/live_figure`), so one figure serves the light and the dark page alike.
"""

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
    rows: Sequence[NDArray[np.float32]], *, error_last: bool = True, signed_last: bool = False
) -> NDArray[np.uint8]:
    """Lay rows of images out as one picture with transparent gaps.

    Parameters
    ----------
    rows : sequence of ndarray of float32, each of shape (k, H, W)
        Grey images, 0 to 1: originals, corrupted, reconstructions, absolute errors.
    error_last : bool
        Whether the last row holds errors, shown in colours, or images like the others.
    signed_last : bool
        Whether those errors run from -1 to 1 rather than from 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (len(rows) * (H + gap) - gap, k * (W + gap) - gap, 4)
    """
    count, height, width = rows[0].shape
    sheet = np.zeros((len(rows), height + GAP, count, width + GAP, 4), np.uint8)
    for place, images in enumerate(rows):
        values = np.nan_to_num(np.asarray(images, np.float32))
        is_error = error_last and place == len(rows) - 1
        painted = _error(values, signed_last) if is_error else _grey(values)
        sheet[place, :height, :, :width, :3] = painted.swapaxes(0, 1)
        sheet[place, :height, :, :width, 3] = 255
    return sheet.reshape(len(rows) * (height + GAP), -1, 4)[:-GAP, :-GAP]


def png(image: NDArray[np.uint8]) -> bytes:
    """Return a picture as the bytes of a PNG file.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 4)

    Returns
    -------
    bytes
    """
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=4)
    return file.getvalue()


def _grey(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values.clip(0, 1)[..., None] * 255).round().astype(np.uint8)


def _error(values: NDArray[np.float32], signed: bool) -> NDArray[np.uint8]:
    """Colour errors by their root: most are small, and would all be black."""
    root = np.sign(values) * np.sqrt(np.abs(values))
    return coloured((root + 1) / 2, SIGNED) if signed else coloured(root, INFERNO)
