"""Arrays become plotly figures and images.

They say what is drawn; font, text colour and grid come from the page, in the browser
(`components/live_figure`), so one figure serves the light and the dark page alike.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from aecore.words import t
from dashboard.loss_curve import loss
from dashboard.theme import (
    INFERNO,
    NEUTRAL,
    PALETTE,
    SIGNED,
    SYMBOLS,
    UNIT,
    coloured,
    drawn,
    note_above,
    title,
)

__all__ = ["activity", "compact", "latent_map", "loss", "mosaic", "png"]

MOST_BARS = 128
GAP = 2


def compact(figure: go.Figure) -> str:
    """Return a figure as JSON, without the escapes that plotly adds for HTML.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure

    Returns
    -------
    str
    """
    return str(figure.to_json(validate=False)).replace("\\u002f", "/")


def latent_map(
    points: NDArray[np.float32],
    labels: ArrayLike | None,
    classes: Sequence[str],
    *,
    axes: tuple[str, str] = ("", ""),
    extent: float | tuple[float, float, float, float] | None = None,
) -> go.Figure:
    """Draw codes as points, one colour per class.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 2)
    labels : array-like of int, shape (n,), or None
        Numbers of classes. None, or a number that names no class, is drawn in a neutral colour.
    classes : sequence of str
        Their names, already in the reader's language.
    axes : tuple of str
        What the two axes are, in English.
    extent : float, tuple (left, right, bottom, top) or None
        What is in view, so that it need not change from frame to frame. A single number holds in
        all four directions; None is whatever the points fill.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    points = np.asarray(points, np.float32).reshape(-1, 2)
    numbers = np.full(len(points), -1) if labels is None else np.asarray(labels, int)
    numbers = np.where(numbers < len(classes), numbers, -1)
    named = bool((numbers >= 0).any())
    left, right, bottom, top = _view(points, extent)
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "ticks": ""}
    clouds = [_cloud(points[numbers < 0], NEUTRAL, "circle", t("no label"))]
    clouds[0]["showlegend"] = bool((numbers < 0).any())
    if named:
        clouds += [_class(points[numbers == k], k, name) for k, name in enumerate(classes)]
    return drawn(
        clouds,
        top=8,
        hovermode="closest",
        showlegend=named,
        legend={"itemsizing": "constant", "itemwidth": 30, "x": 1.01, "y": 1, "tracegroupgap": 0},
        xaxis={"title": title(t(axes[0])), "range": [left, right], **axis},
        yaxis={"title": title(t(axes[1])), "range": [bottom, top], "scaleanchor": "x", **axis},
    )


def activity(mean: ArrayLike, active_share: ArrayLike, dead: ArrayLike) -> go.Figure:
    """Draw how strongly, and for how many images, each unit of the code is active.

    Units stay in their order, so that none moves while the network trains. A bar is as high as its
    unit's mean, and the more opaque the more images the unit is active for.

    Parameters
    ----------
    mean : array-like of float, shape (d,)
        Mean absolute activation.
    active_share : array-like of float, shape (d,)
        Share of images for which the unit is active, 0 to 1.
    dead : array-like of bool, shape (d,)
        Units that are active for no image; a muted cross stands where the bar would.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    height = np.nan_to_num(np.asarray(mean, np.float32))
    share = np.nan_to_num(np.asarray(active_share, np.float32)).clip(0, 1)
    gone = np.flatnonzero(np.asarray(dead, bool))
    said = t("{active:.1f} of {units} units active per image", active=share.sum(), units=share.size)
    if gone.size:
        said += " \N{MIDDLE DOT} " + t("{dead} dead", dead=gone.size)
    return drawn(
        [_units(height, share), _crosses(gone)],
        top=34,
        hovermode="closest",
        showlegend=False,
        bargap=0.25,
        annotations=[note_above(said)],
        xaxis={
            "title": title(t("unit")),
            "range": [-0.6, share.size - 0.4],
            "showgrid": False,
            "zeroline": False,
            "tick0": 0,
            "dtick": -(-share.size // 8),
        },
        yaxis={"title": title(t("mean activation")), "rangemode": "tozero", "nticks": 5},
    )


def mosaic(
    rows: Sequence[NDArray[np.float32]], *, error_last: bool = True, signed_last: bool = False
) -> NDArray[np.uint8]:
    """Lay rows of images out as one picture with transparent gaps.

    Parameters
    ----------
    rows : sequence of ndarray of float32, each of shape (k, H, W)
        Grey images, 0 to 1: originals, corrupted, reconstructions, absolute errors.
    error_last : bool
        Whether the last row holds errors, shown in colours, or images like the others.
    signed_last : bool
        Whether those errors run from -1 to 1 rather than from 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (len(rows) * (H + gap) - gap, k * (W + gap) - gap, 4)
    """
    count, height, width = rows[0].shape
    sheet = np.zeros((len(rows), height + GAP, count, width + GAP, 4), np.uint8)
    for place, images in enumerate(rows):
        values = np.nan_to_num(np.asarray(images, np.float32))
        is_error = error_last and place == len(rows) - 1
        painted = _error(values, signed_last) if is_error else _grey(values)
        sheet[place, :height, :, :width, :3] = painted.swapaxes(0, 1)
        sheet[place, :height, :, :width, 3] = 255
    return sheet.reshape(len(rows) * (height + GAP), -1, 4)[:-GAP, :-GAP]


def png(image: NDArray[np.uint8]) -> bytes:
    """Return a picture as the bytes of a PNG file.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width, 4)

    Returns
    -------
    bytes
    """
    file = BytesIO()
    Image.fromarray(image).save(file, "PNG", compress_level=4)
    return file.getvalue()


def _view(
    points: NDArray[np.float32], extent: float | tuple[float, float, float, float] | None
) -> tuple[float, float, float, float]:
    if isinstance(extent, tuple):
        return extent
    if extent is not None:
        return -extent, extent, -extent, extent
    known = points[np.isfinite(points).all(axis=1)]
    if not len(known):
        return -1, 1, -1, 1
    low, high = known.min(axis=0), known.max(axis=0)
    room = np.maximum((high - low) * 0.05, 1e-3)
    (left, bottom), (right, top) = (low - room).tolist(), (high + room).tolist()
    return left, right, bottom, top


def _class(points: NDArray[np.float32], number: int, name: str) -> dict[str, Any]:
    turn, colour = divmod(number, len(PALETTE))
    return _cloud(points, PALETTE[colour], SYMBOLS[turn % len(SYMBOLS)], name)


def _cloud(points: NDArray[np.float32], colour: str, symbol: str, name: str) -> dict[str, Any]:
    return {
        "type": "scattergl",
        "x": points[:, 0],
        "y": points[:, 1],
        "name": name,
        "mode": "markers",
        "marker": {"color": colour, "symbol": symbol, "size": 5, "opacity": 0.8},
        "hovertemplate": "%{fullData.name}<extra></extra>",
    }


def _units(height: NDArray[np.float32], share: NDArray[np.float32]) -> dict[str, Any]:
    said = t(
        "unit {unit}<br>mean {mean}, active for {share} of images",
        unit="%{x}",
        mean="%{y:.3f}",
        share="%{customdata:.0%}",
    )
    shown = {
        "x": np.arange(height.size),
        "y": height,
        "customdata": share,
        "hovertemplate": said + "<extra></extra>",
    }
    if height.size <= MOST_BARS:
        return {**shown, "type": "bar", "marker": {"color": UNIT, "opacity": 0.3 + 0.7 * share}}
    line = {"color": UNIT, "width": 1, "shape": "hvh"}
    return {**shown, "type": "scatter", "mode": "lines", "line": line, "fill": "tozeroy"}


def _crosses(units: NDArray[np.intp]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": units,
        "y": np.zeros(units.size, np.float32),
        "mode": "markers",
        "marker": {"color": NEUTRAL, "symbol": "x-thin-open", "size": 6},
        "cliponaxis": False,
        "hovertemplate": t("unit {unit} is dead", unit="%{x}") + "<extra></extra>",
    }


def _grey(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (values.clip(0, 1)[..., None] * 255).round().astype(np.uint8)


def _error(values: NDArray[np.float32], signed: bool) -> NDArray[np.uint8]:
    """Colour errors by their root: most are small, and would all be black."""
    root = np.sign(values) * np.sqrt(np.abs(values))
    return coloured((root + 1) / 2, SIGNED) if signed else coloured(root, INFERNO)


def steady_view(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return bounds around points that stay put while the points move a little.

    Each side lies on a grid of a twelfth of the cloud's size, rounded to a power of two.

    Parameters
    ----------
    points : ndarray of shape (n, 2)

    Returns
    -------
    left, right, bottom, top : float
    """
    low, high = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
    size = max(float((high - low).max()), 1e-6)
    step = 2.0 ** np.floor(np.log2(size / 12))
    (left, bottom), (right, top) = np.floor(low / step) * step, np.ceil(high / step) * step
    return (
        float(left),
        float(max(right, left + step)),
        float(bottom),
        float(max(top, bottom + step)),
    )
