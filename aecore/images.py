"""Images as arrays, and resizing them."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8 | np.float32]
"""Images of shape (n, height, width), uint8, or float32 in [0, 1]."""


def resize(images: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize images with bilinear interpolation.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8
    shape : (height, width)
        The new shape in pixels.

    Returns
    -------
    ndarray of shape (n, *shape), uint8
        The images themselves if they have this shape already.
    """
    if images.shape[1:] == shape:
        return images
    # Resizing is rare, and Pillow is slow to import.
    from PIL import Image

    size = shape[::-1]
    resized = [Image.fromarray(each).resize(size, Image.Resampling.BILINEAR) for each in images]
    return np.stack([np.asarray(each, np.uint8) for each in resized])
