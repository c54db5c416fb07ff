"""Scatter plot of codes in the plane, coloured by class."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aecore.i18n import t
from dashboard.figures.theme import (
    NEUTRAL,
    PALETTE,
    SYMBOLS,
    Spec,
    build_spec,
)


def latent_map(
    points: NDArray[np.float32],
    labels: ArrayLike | None,
    classes: Sequence[str],
    *,
    extent: float | tuple[float, float, float, float] | None = None,
) -> Spec:
    """Draw codes as points, one colour per class.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 2)
    labels : array-like of int, shape (n,), or None
        Indices into `classes`. Points without a class, or all if None, get a neutral colour.
    classes : sequence of str
        Names of the classes, in the user's language.
    extent : float, tuple (left, right, bottom, top) or None
        Bounds of the view, so that it can stay the same from frame to frame. A single number is
        the distance from 0 to each side; None fits the view to the points.

    Returns
    -------
    Spec
        The plain form of a Plotly figure.
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
    return build_spec(
        clouds,
        top=8,
        hovermode="closest",
        showlegend=named,
        legend={"itemsizing": "constant", "itemwidth": 30, "x": 1.01, "y": 1, "tracegroupgap": 0},
        xaxis={"range": [left, right], **axis},
        yaxis={"range": [bottom, top], "scaleanchor": "x", **axis},
    )


def _view(
    points: NDArray[np.float32], extent: float | tuple[float, float, float, float] | None
) -> tuple[float, float, float, float]:
    if isinstance(extent, tuple):
        return extent
    if extent is not None:
        return -extent, extent, -extent, extent
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return -1, 1, -1, 1
    low, high = finite.min(axis=0), finite.max(axis=0)
    margin = np.maximum((high - low) * 0.05, 1e-3)
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
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


def steady_view(points: NDArray[np.float32]) -> tuple[float, float, float, float]:
    """Return bounds of points that do not change while the points move a little.

    Bounds are multiples of a step: a twelfth of the extent of the points, rounded down to a power
    of two.

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
