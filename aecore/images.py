"""Images as arrays: types and resizing."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Images = NDArray[np.uint8 | np.float32]
"""Of shape (n, height, width): bytes, or floats in [0, 1]."""


def resized(images: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return images (n, height, width) of another shape."""
    if images.shape[1:] == shape:
        return images
    sides = shape[::-1]
    made = [Image.fromarray(each).resize(sides, Image.Resampling.BILINEAR) for each in images]
    return np.stack([np.asarray(each, np.uint8) for each in made])
