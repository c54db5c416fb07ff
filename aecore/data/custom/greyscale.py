"""Convert arrays of images to greyscale uint8, within limits."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError
from aecore.images import resize

LOW_SIDE, HIGH_SIDE = 4, 128
CHUNK_VALUES = 1 << 24
# Weights of red, green and blue (ITU-R BT.601), as in Pillow.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class Limits:
    """Limits on the user's data: number of images, bytes of a file, and bytes unpacked."""

    least: int = 50
    most: int = 2_000_000
    file: int = 512 * 1024**2
    unpacked: int = 2 * 1024**3


LIMITS = Limits()


def grey(
    pixels: NDArray[Any], file: str, *, size: int | None = None, limits: Limits = LIMITS
) -> NDArray[np.uint8]:
    """Convert an array of images to greyscale.

    Parameters
    ----------
    pixels : ndarray of bool, int or float
        Shape (N, H, W), (N, H, W, C) or (N, C, H, W) with C = 1 (grey), 3 (colour) or 4 (colour
        and opacity, composed onto white), or (N, H * H), row by row. Values range from 0 to 255,
        or, if none exceeds 1, from 0 to 1.
    file : str
        Name of the source in error messages.
    size : int, optional
        Side length to resize all images to.
    limits : Limits

    Returns
    -------
    ndarray of uint8, shape (N, H, W)

    Raises
    ------
    DataError
        If the shape, number, size or values are out of bounds.
    """
    check_size(size)
    check_count(len(pixels) if pixels.ndim else 0, file, limits)
    if not pixels.size:
        raise DataError("The images of {file} have no pixels.", file=file)
    pixels = _shaped(pixels, file)
    height, width = pixels.shape[1:3]
    if size is None:
        check_sides(height, width, file)
    scale = _scale(pixels, file)
    height, width = (size, size) if size else (height, width)
    if len(pixels) * height * width > limits.unpacked:
        raise too_large(file, limits)
    images = np.empty((len(pixels), height, width), dtype=np.uint8)
    # Each value takes four bytes until it is rounded.
    chunk = max(1, CHUNK_VALUES // pixels[0].size)
    for start in range(0, len(pixels), chunk):
        block = _grey(pixels[start : start + chunk], scale)
        images[start : start + chunk] = block if size is None else resize(block, (size, size))
    return images


def check_count(count: int, file: str, limits: Limits = LIMITS) -> None:
    """Raise `DataError` if there are too few or too many images."""
    if not count:
        raise DataError(
            "{file} contains no images; at least {least} are needed.", file=file, least=limits.least
        )
    if count < limits.least:
        raise DataError(
            "{file} contains too few images ({count}); at least {least} are needed.",
            file=file,
            count=count,
            least=limits.least,
        )
    if count > limits.most:
        raise DataError(
            "{file} contains too many images ({count}); at most {most} are possible.",
            file=file,
            count=count,
            most=limits.most,
        )


def check_size(size: int | None) -> None:
    """Raise `DataError` if the side length to resize to is out of bounds."""
    if size is not None and not LOW_SIDE <= size <= HIGH_SIDE:
        raise DataError(
            "size is {size}; choose {low} to {high} pixels.",
            size=size,
            low=LOW_SIDE,
            high=HIGH_SIDE,
        )


def check_sides(height: int, width: int, file: str) -> None:
    """Raise `DataError` if the sides of images are out of bounds."""
    if not (LOW_SIDE <= height <= HIGH_SIDE and LOW_SIDE <= width <= HIGH_SIDE):
        raise DataError(
            "The images of {file} are {height} by {width} pixels; sides of {low} to "
            "{high} are possible. Provide a size to resize them to.",
            file=file,
            height=height,
            width=width,
            low=LOW_SIDE,
            high=HIGH_SIDE,
        )


def too_large(file: str, limits: Limits) -> DataError:
    """Return the error about data that would not fit into memory."""
    return DataError(
        "{file} unpacks to more than {most:g} MB; provide fewer or smaller images.",
        file=file,
        most=limits.unpacked / 1024**2,
    )


def _shaped(pixels: NDArray[Any], file: str) -> NDArray[Any]:
    if pixels.ndim == 2:
        side = math.isqrt(pixels.shape[1])
        if side**2 != pixels.shape[1]:
            raise DataError(
                "The images of {file} have {count} pixels each, which is not a square such "
                "as 784 = 28 x 28. If one column is not a pixel, name it label or leave it "
                "out.",
                file=file,
                count=pixels.shape[1],
            )
        return pixels.reshape(-1, side, side)
    if pixels.ndim == 4 and pixels.shape[3] in (1, 3, 4):
        return pixels
    if pixels.ndim == 4 and pixels.shape[1] in (1, 3, 4):
        return np.moveaxis(pixels, 1, 3)
    if pixels.ndim != 3:
        raise DataError(
            "The images of {file} have the shape {shape}; it must be (images, height, "
            "width), with 3 colours at the end if there are any.",
            file=file,
            shape=pixels.shape,
        )
    return pixels


def _scale(pixels: NDArray[Any], file: str) -> float:
    if pixels.dtype.kind not in "buif":
        raise DataError(
            "The pixels of {file} are of type {kind}; they must be numbers.",
            file=file,
            kind=pixels.dtype,
        )
    low, high = float(pixels.min()), float(pixels.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DataError(
            "{file} contains pixels that are not finite (NaN or infinite); replace them "
            "with numbers from 0 to 255.",
            file=file,
        )
    if low < 0 or high > 255:
        raise DataError(
            "The pixels of {file} range from {low:g} to {high:g}; they must range from 0 "
            "to 1 or from 0 to 255.",
            file=file,
            low=low,
            high=high,
        )
    return 255.0 if high <= 1 else 1.0


def _grey(block: NDArray[Any], scale: float) -> NDArray[np.uint8]:
    pixels = block.astype(np.float32) * np.float32(scale)
    if pixels.ndim == 4 and pixels.shape[3] == 4:
        opacity = pixels[..., 3:] / 255
        pixels = pixels[..., :3] * opacity + 255 * (1 - opacity)
    if pixels.ndim == 4:
        pixels = pixels @ LUMA if pixels.shape[3] == 3 else pixels[..., 0]
    grey_levels: NDArray[np.uint8] = np.rint(pixels).astype(np.uint8)
    return grey_levels
