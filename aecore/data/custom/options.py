"""Options for reading the user's images: what a person may decide differently."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aecore.data.custom.limits import HIGH_SIDE, LOW_SIDE
from aecore.errors import DataError
from aecore.i18n import N_, Message

if TYPE_CHECKING:
    from PIL.Image import Image, Resampling

SIZE = re.compile(r"(\d{1,6})(?:\s*[x×*,]\s*(\d{1,6}))?")
LABEL = "{label}"


@dataclass(frozen=True)
class Fit:
    """A way to fit an image into another shape.

    Attributes
    ----------
    label, description : Message
    apply : callable
        Takes a greyscale image, a width and height, the grey level of its ground, and how to
        resample it.
    """

    label: Message
    description: Message
    apply: "Callable[[Image, tuple[int, int], float, Resampling], Image]"


def pad(image: "Image", size: tuple[int, int], ground: float, method: "Resampling") -> "Image":
    """Scale an image until it fits, and extend its ground on both sides."""
    from PIL import Image

    scale = min(size[0] / image.width, size[1] / image.height)
    width, height = (max(1, round(side * scale)) for side in image.size)
    canvas = Image.new(image.mode, size, ground if image.mode == "F" else round(ground))
    scaled = image.resize((width, height), method)
    # As Pillow's own function, which cannot fill float images, and fails for very thin ones.
    canvas.paste(scaled, (round((size[0] - width) / 2), round((size[1] - height) / 2)))
    return canvas


def crop(image: "Image", size: tuple[int, int], ground: float, method: "Resampling") -> "Image":
    """Scale an image until it covers the shape, and cut off what sticks out."""
    from PIL import ImageOps

    del ground
    return ImageOps.fit(image, size, method)


def stretch(image: "Image", size: tuple[int, int], ground: float, method: "Resampling") -> "Image":
    """Scale both sides, whatever becomes of the aspect."""
    del ground
    return image.resize(size, method)


FITS: Mapping[str, Fit] = {
    "pad": Fit(
        label=N_("Pad"), description=N_("keeps the aspect and extends the background."), apply=pad
    ),
    "crop": Fit(
        label=N_("Crop"), description=N_("keeps the aspect and cuts off the edges."), apply=crop
    ),
    "stretch": Fit(
        label=N_("Stretch"), description=N_("changes the aspect to fill the shape."), apply=stretch
    ),
}


@dataclass(frozen=True)
class Options:
    """How to read images.

    Parameters
    ----------
    size : (height, width), optional
        Shape in pixels to resize all images to, 4 to 128 each; by default they keep theirs.
    fit : str
        Key of `FITS`: what to do where the aspects differ.
    white : float, optional
        Value of the pixels that is white; by default it follows from the largest ones.
    invert : bool
        Whether to make dark pixels light and light ones dark.
    label_pattern : str
        How file names contain the labels, such as ``{label}_*``; by default they do not.

    Raises
    ------
    DataError
        If a value is out of bounds.
    """

    size: tuple[int, int] | None = None
    fit: str = "pad"
    white: float | None = None
    invert: bool = False
    label_pattern: str = ""

    def __post_init__(self) -> None:
        for side in self.size or ():
            if not LOW_SIDE <= side <= HIGH_SIDE:
                raise DataError(
                    "Size is {size}; choose {low} to {high} pixels.",
                    size=side,
                    low=LOW_SIDE,
                    high=HIGH_SIDE,
                )
        if self.fit not in FITS:
            raise DataError(
                "Fit is {fit!r}; choose one of {all}.", fit=self.fit, all=", ".join(FITS)
            )
        # Written so that NaN is refused too.
        if self.white is not None and not 0 < self.white < float("inf"):
            raise DataError(
                "White is {white:g}; it must be above 0, such as 255, 1 or 4095.", white=self.white
            )
        if self.label_pattern and self.label_pattern.count(LABEL) != 1:
            raise DataError(
                "Label pattern is {pattern!r}; it must contain {label} once, such as {label}_*.",
                pattern=self.label_pattern,
                label=LABEL,
            )


def parse_size(text: str) -> tuple[int, int]:
    """Return the height and width that a text such as ``28`` or ``32x24`` (width by height) names.

    Raises
    ------
    DataError
        If it names none.
    """
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise DataError(
            "Size is {size!r}; provide one side such as 28, or width by height such as 32x24.",
            size=text,
        )
    width = int(match[1])
    return int(match[2] or width), width
