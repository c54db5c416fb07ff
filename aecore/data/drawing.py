"""Drawings made like the images of MNIST: scaled into a box, centred by their mass."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import center_of_mass, shift

# Of 28 pixels, 20 are the digit's.
BOX = 20 / 28


def as_mnist(sheet: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """Return a drawing as an image of a shape, made as LeCun, Cortes and Burges made MNIST.

    What is drawn is scaled, its proportions kept, into a box of 20 pixels of each 28, with grey
    levels where edges fall between pixels; then its centre of mass is put in the middle.

    Parameters
    ----------
    sheet : ndarray of shape (height, width), uint8
        White on black.
    shape : (height, width)

    Returns
    -------
    ndarray of shape `shape`, float32 in [0, 1]; or None
        None where nothing is drawn.
    """
    rows, columns = np.flatnonzero(sheet.any(1)), np.flatnonzero(sheet.any(0))
    if not len(rows):
        return None
    found = sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(BOX * shape[0] / found.shape[0], BOX * shape[1] / found.shape[1])
    height, width = (max(1, round(side * scale)) for side in found.shape)
    small = Image.fromarray(found).resize((width, height), Image.Resampling.BOX)
    image = np.zeros(shape, np.float32)
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    image[top : top + height, left : left + width] = np.asarray(small, np.float32) / 255
    centre = center_of_mass(image)
    if not np.isfinite(centre).all():
        return None
    # By whole pixels, as MNIST's were: the grey levels stay as they are.
    aside = [round((side - 1) / 2 - place) for side, place in zip(shape, centre, strict=True)]
    return np.asarray(shift(image, aside, order=0), np.float32)
