"""A grid of images with captions."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aecore.data.names import display_name
from aecore.training.snapshot import Snapshot
from dashboard.components.mosaic import mosaic
from dashboard.figures import images
from dashboard.state import cached

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
    signed: bool = False,
    snapshot: Snapshot | None = None,
) -> None:
    """Show rows of images, or update them in place.

    Parameters
    ----------
    key : str
        Key of the element; a call with the same key updates it.
    lines : sequence of ndarray of float32, each of shape (k, height, width)
        Rows of images with pixels in [0, 1]; the last may hold errors, or all differences.
    rows, columns : sequence of str
        Captions, in the user's language; empty for none.
    label : str
        Description of the grid for screen readers, in the user's language.
    height : int, optional
        Height in pixels; fitted to the number of rows by default.
    error_last : bool
        Whether the last row holds errors, which are drawn in colour.
    signed : bool
        Whether all rows hold differences in [-1, 1], which are drawn in colour.
    snapshot : Snapshot, optional
        What alone the images come from, so that they are drawn once for all tabs.
    """

    def png() -> bytes:
        return images.png(images.mosaic(lines, error_last=error_last, signed=signed))

    mosaic(
        key,
        png() if snapshot is None else cached.of_snapshot(snapshot, key, png),
        rows=rows or [""] * len(lines),
        columns=columns,
        label=label,
        height=height or ROW_PIXELS * len(lines) + CAPTION_PIXELS,
    )


def class_names(labels: NDArray[np.integer], classes: Sequence[str]) -> list[str]:
    """Return the class names of labels as captions; empty for unlabelled images."""
    return [display_name(classes[label]) if label >= 0 else "" for label in labels]
