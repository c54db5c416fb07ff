"""Convert arrays of images to greyscale uint8, within limits."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.data.custom.brightness import MOST_8_BIT, Brightness, brightness
from aecore.data.custom.fit import fit_all
from aecore.data.custom.limits import LIMITS, Limits, check_count, check_sides, too_large
from aecore.data.custom.options import Options
from aecore.errors import DataError
from aecore.i18n import N_, Message

# Few enough for the processor's cache.
CHUNK_VALUES = 1 << 18
# Weights of red, green and blue (ITU-R BT.601), as in Pillow.
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
CHANNELS = (1, 3, 4)
COLOUR = N_("Colours were turned to grey.")
# Images to look at to tell interleaved colours from separate ones.
EXAMPLES = 100


@dataclass(frozen=True, eq=False)
class GreyImages:
    """Grey images, and how they were made.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
    scale : Brightness
    notes : list of Message
    """

    images: NDArray[np.uint8]
    scale: Brightness
    notes: list[Message]


def grey(
    pixels: NDArray[Any], file: str, options: Options | None = None, limits: Limits = LIMITS
) -> GreyImages:
    """Convert an array of images to greyscale.

    Parameters
    ----------
    pixels : ndarray of bool, int or float
        Shape (N, H, W), (N, H, W, C) or (N, C, H, W) with C = 1 (grey), 3 (colour) or 4 (colour
        and opacity), or rows of pixels (N, H * H), perhaps with further axes of length 1.
    file : str
        Name of the source in error messages.
    options : Options, optional
    limits : Limits

    Raises
    ------
    DataError
        If the shape, number, size or values are out of bounds.
    """
    options = options or Options()
    check_count(len(pixels) if pixels.ndim else 0, file, limits)
    if not pixels.size:
        raise DataError("The images of {file} have no pixels.", file=file)
    if pixels.dtype.kind not in "buif":
        raise DataError(
            "The pixels of {file} are of type {kind}; they must be numbers.",
            file=file,
            kind=pixels.dtype,
        )
    pixels = _shaped(pixels, file)
    height, width = options.size or pixels.shape[1:3]
    if options.size is None:
        check_sides(height, width, file)
    if len(pixels) * height * width > limits.unpacked:
        raise too_large(file, limits)
    scale, opacity, notes = _survey(pixels, file, options.white)
    images = np.empty((len(pixels), height, width), dtype=np.uint8)
    start = 0
    for block in _chunks(pixels):
        levels = scale.levels(_luma(block, scale.white, opacity))
        images[start : start + len(block)] = fit_all(levels, (height, width), options.fit)
        start += len(block)
    if options.invert:
        np.subtract(255, images, out=images)
    return GreyImages(images, scale, notes)


def _chunks(pixels: NDArray[Any]) -> Iterator[NDArray[np.float32]]:
    """Yield some images at a time as floats; they may be views of the pixels."""
    count = max(1, CHUNK_VALUES // pixels[0].size)
    for start in range(0, len(pixels), count):
        yield pixels[start : start + count].astype(np.float32, copy=False)


@dataclass(frozen=True)
class _Opacity:
    """The value of an opaque pixel, and the level of the ground behind transparent ones."""

    opaque: float
    ground: float


def _survey(
    pixels: NDArray[Any], file: str, white: float | None
) -> tuple[Brightness, _Opacity | None, list[Message]]:
    """Look at all values to decide how they are scaled, and what is behind transparent ones."""
    channels = pixels.shape[3] if pixels.ndim == 4 else 1
    lows, highs, whole = [], [], True
    visible, opaque = np.zeros(2), 0.0
    for block in _chunks(pixels):
        colours = block[..., :3] if channels == 4 else block
        rows = colours.reshape(len(block), -1)
        lows.append(rows.min(1))
        highs.append(rows.max(1))
        # Values up to 8 bits are scaled alike, whole or not.
        if whole and highs[-1].max() > MOST_8_BIT:
            whole = bool((rows == np.rint(rows)).all())
        if channels == 4:
            opaque = max(opaque, float(block[..., 3].max()))
            visible += visibility(block[..., :3] @ LUMA, block[..., 3])
    scale = brightness(
        np.concatenate(lows).astype(np.float64),
        np.concatenate(highs).astype(np.float64),
        file,
        whole=whole,
        white=white,
    )
    notes = [COLOUR] if channels > 1 else []
    if channels < 4:
        return scale, None, notes
    full = brightness(np.zeros(1), np.array([opaque]), file, whole=whole).white
    is_light = 2 * visible[0] > scale.white * visible[1]
    return scale, _Opacity(full, 0.0 if is_light else scale.white), notes


def visibility(luma: NDArray[np.float32], alpha: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums of the opacity-weighted luma and of the opacity."""
    return np.array([(luma * alpha).sum(dtype=np.float64), alpha.sum(dtype=np.float64)])


def _luma(
    block: NDArray[np.float32], white: float, opacity: _Opacity | None
) -> NDArray[np.float32]:
    """Return the grey values of images, (n, H, W)."""
    if block.ndim == 3:
        return block
    if block.shape[3] == 1:
        channel: NDArray[np.float32] = block[..., 0]
        return channel
    luma: NDArray[np.float32] = block[..., :3] @ LUMA
    if opacity is not None:
        share = block[..., 3] / np.float32(opacity.opaque)
        luma = luma.clip(0, white) * share + np.float32(opacity.ground) * (1 - share)
    return luma


def _shaped(pixels: NDArray[Any], file: str) -> NDArray[Any]:
    """Return pixels as (N, H, W) or (N, H, W, C)."""
    while pixels.ndim > 4 and 1 in pixels.shape[1:]:
        pixels = pixels.squeeze(1 + pixels.shape[1:].index(1))
    if pixels.ndim == 3 and 1 in pixels.shape[1:]:
        # Rows of pixels with an axis for their only channel.
        pixels = pixels.reshape(len(pixels), -1)
    if pixels.ndim == 2:
        return _squares(pixels, file)
    if pixels.ndim == 4 and pixels.shape[3] in CHANNELS:
        return pixels
    if pixels.ndim == 4 and pixels.shape[1] in CHANNELS:
        return np.moveaxis(pixels, 1, 3)
    if pixels.ndim != 3:
        raise DataError(
            "The images of {file} have the shape {shape}; it must be (images, height, "
            "width), with 3 colours at the end if there are any.",
            file=file,
            shape=pixels.shape,
        )
    return pixels


def _squares(rows: NDArray[Any], file: str) -> NDArray[Any]:
    """Return rows of pixels as square images, grey or in colour."""
    count = rows.shape[1]
    side = math.isqrt(count)
    if side**2 == count:
        return rows.reshape(-1, side, side)
    side = math.isqrt(count // 3)
    if count % 3 == 0 and side**2 == count // 3 and side > 1:
        interleaved = rows.reshape(-1, side, side, 3)
        separate = np.moveaxis(rows.reshape(-1, 3, side, side), 1, 3)
        return min(interleaved, separate, key=_roughness)
    raise DataError(
        "The images of {file} have {count} pixels each, which is not a square such as 784 = "
        "28 x 28. If one column is not a pixel, name it label or leave it out.",
        file=file,
        count=count,
    )


def _roughness(images: NDArray[Any]) -> float:
    """Return the mean difference between neighbouring pixels, which is small in real images."""
    examples = images[:EXAMPLES].astype(np.float32)
    return float(np.abs(np.diff(examples, axis=2)).mean())
