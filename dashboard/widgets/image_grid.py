"""A grid of images with captions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aecore.data.names import display_name
from dashboard.components.mosaic import mosaic
from dashboard.figures import images

ROW_PIXELS, CAPTION_PIXELS = 60, 30


def image_grid(
    key: str,
    lines: Sequence[NDArray[np.float32]],
    *,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    label: str,
    height: int | None = None,
    error_last: bool = False,
    signed_last: bool = False,
) -> None:
    """Show rows of images, or change them in place.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    lines : sequence of ndarray of float32, each of shape (k, height, width)
        Images in [0, 1], or errors in the last line.
    rows, columns : sequence of str
        Captions, already in the reader's language; empty for none.
    label : str
        What a screen reader says of the grid.
    height : int, optional
        In pixels, always reserved; by default what the lines need.
    error_last : bool
        Whether the last line holds errors, shown in colours.
    signed_last : bool
        Whether it holds differences from -1 to 1, shown in colours.
    """
    mosaic(
        key,
        images.png(
            images.mosaic(lines, error_last=error_last or signed_last, signed_last=signed_last)
        ),
        rows=rows or [""] * len(lines),
        columns=columns,
        label=label,
        height=height or ROW_PIXELS * len(lines) + CAPTION_PIXELS,
    )


def class_names(labels: NDArray[np.integer], classes: Sequence[str]) -> list[str]:
    """Return the class names of labels as captions; empty for an unlabelled image."""
    return [display_name(classes[label]) if label >= 0 else "" for label in labels]
