"""How the pictures of a dataset were prepared, so that new ones are prepared alike."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preparation:
    """How the pictures of a dataset were prepared.

    Attributes
    ----------
    fit : str
        How they were fitted into their shape: a key of `aecore.data.custom.options.FITS`.
    invert : bool
        Whether dark pixels were made light and light ones dark.
    white : float
        Value that became white in pictures of 8 bits.
    deep_white : float or None
        The same in pictures of more bits; None if it follows from the brightest of them.
    """

    fit: str = "pad"
    invert: bool = False
    white: float = 255.0
    deep_white: float | None = None
