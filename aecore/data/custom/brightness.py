"""Decide which value of the pixels is white, and scale them to 0 to 255."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError
from aecore.i18n import N_, Message

# Values beyond 0 or 1 by less than this share come from rounding.
ROUNDING = 1e-3
# Rounding up of 8-bit values, as some programs do.
MOST_8_BIT = 257
MOST_16_BIT = 2**16 - 1
# Whole numbers above 8 bits are white at 255 times a power of two.
LOWEST_BITS = 8
USUAL_WHITE = 255.0
# Share of the images that may be outliers, but at least one of them.
OUTLIERS = 0.01
# A single image this many times brighter than all others is an outlier.
FAR_BRIGHTER = 4.0


@dataclass(frozen=True)
class Brightness:
    """How pixels become grey levels.

    Attributes
    ----------
    white : float
        Value that becomes 255; larger ones do too, and 0 stays 0.
    clipped : int
        Number of images with values clearly above it.
    """

    white: float
    clipped: int = 0

    @property
    def is_usual(self) -> bool:
        """Whether values from 0 to 255 were kept as they are."""
        return self.white == USUAL_WHITE and not self.clipped

    @property
    def sentence(self) -> Message:
        """What was done, for the user."""
        if self.clipped:
            return N_(
                "White is {white:.6g}; brighter values, in {count:,} of the images, became white.",
                white=self.white,
                count=self.clipped,
            )
        if self.is_usual:
            return N_("Values from 0 to 255 were kept.")
        return N_(
            "White is {white:.6g}: values were multiplied by 255/{white:.6g}.", white=self.white
        )

    def levels(self, values: NDArray[np.float32 | np.uint8]) -> NDArray[np.uint8]:
        """Return values as grey levels from 0 to 255."""
        if values.dtype == np.uint8 and self.is_usual:
            return values.astype(np.uint8, copy=False)
        values = values.astype(np.float32, copy=False)
        if self.white != USUAL_WHITE:
            values = values * np.float32(255 / self.white)
        levels = values.clip(0, 255)
        np.rint(levels, out=levels)
        return levels.astype(np.uint8)


def brightness(
    lows: NDArray[np.float64],
    highs: NDArray[np.float64],
    file: str,
    *,
    whole: bool,
    white: float | None = None,
) -> Brightness:
    """Return how to scale a set of images.

    Parameters
    ----------
    lows, highs : ndarray of shape (N,)
        Smallest and largest value of each image.
    file : str
        Name of the source in error messages.
    whole : bool
        Whether all values are whole numbers.
    white : float, optional
        Value that is white, if the user says so.

    Raises
    ------
    DataError
        If values are negative or not finite.
    """
    low, high = float(lows.min()), float(highs.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DataError(
            "{file} contains pixels that are not finite (NaN or infinite); replace them "
            "with numbers from 0 to 255.",
            file=file,
        )
    if low < -ROUNDING * max(1.0, high):
        raise DataError(
            "The pixels of {file} range from {low:g} to {high:g}; none may be below 0, which is "
            "black. Shift them to start at 0, for example to 0 to 1 or 0 to 255.",
            file=file,
            low=low,
            high=high,
        )
    if white is None:
        white = _white(highs, whole)
    return Brightness(white, int((highs > white * 258 / 255).sum()))


def _white(highs: NDArray[np.float64], whole: bool) -> float:
    """Return the value that is white, judging by the brightest value of each image."""
    most = float(highs.max())
    if most <= 0:
        return 1.0
    outliers = max(1, int(OUTLIERS * len(highs)))
    usual = float(np.partition(highs, -outliers - 1)[-outliers - 1]) if len(highs) > 1 else most
    scale = _full_scale(usual, whole)
    if usual < scale / 2:
        # Far below the full scale: 16 grey levels, a mask of 0 and 1, values already divided.
        return most if most <= 2 * usual or usual <= 0 else usual
    if scale > MOST_8_BIT and most <= FAR_BRIGHTER * scale:
        return _full_scale(most, whole)
    return scale


def _full_scale(high: float, whole: bool) -> float:
    """Return the white of the narrowest usual range that holds a value."""
    if high <= 1 + ROUNDING:
        return 1.0
    if high <= MOST_8_BIT:
        return 255.0
    if whole and high <= MOST_16_BIT:
        return math.ldexp(255.0, math.ceil(math.log2(high + 1)) - LOWEST_BITS)
    return high
