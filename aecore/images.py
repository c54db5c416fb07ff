"""Images as arrays: their type, and how they are resized."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8 | np.float32]
"""Of shape (n, height, width): bytes, or floats in [0, 1]."""


def resize(images: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize images, smoothly.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8
    shape : (height, width)
        The new one, in pixels.

    Returns
    -------
    ndarray of shape (n, *shape), uint8
        The images themselves where they have this shape.
    """
    if images.shape[1:] == shape:
        return images
    # Few programs resize, and Pillow takes its time to import.
    from PIL import Image

    sides = shape[::-1]
    pictures = [Image.fromarray(each).resize(sides, Image.Resampling.BILINEAR) for each in images]
    return np.stack([np.asarray(each, np.uint8) for each in pictures])
