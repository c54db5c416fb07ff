"""Convert drawings to images like those of MNIST."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import center_of_mass, shift

# In MNIST, a digit fills 20 of 28 pixels.
BOX = 20 / 28


def as_mnist(sheet: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """Convert a drawing to an image, as LeCun, Cortes and Burges did for MNIST.

    The drawing is scaled with antialiasing to fit a box of 20 of 28 pixels, preserving its aspect
    ratio, and then shifted so that its centre of mass is in the middle.

    Parameters
    ----------
    sheet : ndarray of shape (height, width), uint8
        White on black.
    shape : (height, width)
        Shape of the image in pixels.

    Returns
    -------
    ndarray of shape `shape`, float32 in [0, 1]; or None
        None if the drawing is empty.
    """
    rows, columns = np.flatnonzero(sheet.any(1)), np.flatnonzero(sheet.any(0))
    if not len(rows):
        return None
    crop = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(BOX * shape[0] / crop.shape[0], BOX * shape[1] / crop.shape[1])
    height, width = (max(1, round(side * scale)) for side in crop.shape)
    small = Image.fromarray(crop).resize((width, height), Image.Resampling.BOX)
    image = np.zeros(shape, np.float32)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    image[top : top + height, left : left + width] = np.asarray(small, np.float32) / 255
    centre = center_of_mass(image)
    if not np.isfinite(centre).all():
        return None
    # By whole pixels, as for MNIST, which preserves the grey levels.
    offset = [round((side - 1) / 2 - place) for side, place in zip(shape, centre, strict=True)]
    return np.asarray(shift(image, offset, order=0), np.float32)
