"""Fit greyscale images into another shape, and tell dark ones on light from the others."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom.options import FITS


def fit(
    image: NDArray[Any], shape: tuple[int, int], how: str, *, nearest: bool = False
) -> NDArray[Any]:
    """Return an image fitted into a shape.

    Parameters
    ----------
    image : ndarray of uint8 or float32, shape (H, W)
    shape : (height, width)
    how : str
        A key of `FITS`.
    nearest : bool
        Whether to keep the values, instead of averaging them.
    """
    if image.shape == shape:
        return image
    # Pillow is slow to import.
    from PIL import Image

    method = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
    level = float(ground(image[None])[0])
    fitted = FITS[how].apply(Image.fromarray(image), shape[::-1], level, method)
    return np.asarray(fitted)


def fit_all(images: NDArray[np.uint8], shape: tuple[int, int], how: str) -> NDArray[np.uint8]:
    """Return images (N, H, W) fitted into a shape; see `fit`."""
    if images.shape[1:] == shape:
        return images
    return np.stack([fit(image, shape, how) for image in images])


def ground(images: NDArray[Any]) -> NDArray[np.float64]:
    """Return the grey level of the background of images (N, H, W): the median of their border."""
    border = [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]]
    levels: NDArray[np.float64] = np.median(np.concatenate(border, axis=1), axis=1)
    return levels


def is_dark_on_light(images: NDArray[np.uint8]) -> bool:
    """Return whether most images (N, H, W) have a light background and darker content."""
    levels = ground(images)
    darker = images.reshape(len(images), -1).mean(1) < levels
    return bool(((levels > 127) & darker).mean() > 0.5)
