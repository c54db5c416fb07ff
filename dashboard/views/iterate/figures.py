"""Figures of the page Onto the manifold, as functions of arrays."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from aecore.i18n import t
from dashboard.figures.latent_map import latent_map, steady_view
from dashboard.figures.theme import HELD_OUT, NEUTRAL, PALETTE, build_figure, log_ticks, title


def code_path(
    points: NDArray[np.float32],
    labels: ArrayLike,
    classes: Sequence[str],
    path: NDArray[np.floating],
) -> go.Figure:
    """Draw the path of a code on a map of other codes.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float32
        The other codes, projected.
    labels : array-like of int, shape (n,)
        Indices into `classes`; -1 for no label.
    classes : sequence of str
    path : ndarray of shape (passes + 1, 2)
        The code of the input and of each pass, projected.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    all_points = np.concatenate([points, path.astype(np.float32)])
    view = steady_view(all_points)
    drawing = go.Figure(latent_map(points, labels, classes, extent=view))
    drawing.update_traces(marker_opacity=0.35)
    line = {"color": PALETTE[2], "width": 2.5}
    sizes = [13] + [6] * (len(path) - 2) + [13]
    symbols = ["circle-open"] + ["circle"] * (len(path) - 2) + ["star"]
    drawing.add_scatter(
        x=path[:, 0].tolist(),
        y=path[:, 1].tolist(),
        mode="lines+markers",
        name=t("path"),
        line=line,
        marker={"size": sizes, "symbol": symbols, "color": PALETTE[2], "opacity": 1},
        hovertemplate=t("pass {place}", place="%{pointNumber}") + "<extra></extra>",
    )
    return drawing


def change_per_pass(distances: ArrayLike) -> go.Figure:
    """Draw how much each pass changed the image.

    Parameters
    ----------
    distances : array-like of shape (passes,)
        Root mean square changes, for pixels in [0, 1].

    Returns
    -------
    plotly.graph_objects.Figure
    """
    values = np.maximum(np.asarray(distances, float), 1e-6)
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(range(1, len(values) + 1)),
        "y": values.tolist(),
        "line": {"color": HELD_OUT, "width": 2.5},
        "hovertemplate": "%{y:.4f}<extra></extra>",
    }
    return build_figure(
        [line],
        top=8,
        xaxis={"title": title(t("pass")), "dtick": max(1, len(values) // 10)},
        yaxis={
            "type": "log",
            "tickformat": ".3~g",
            "title": title(t("change of the image")),
            **log_ticks(values),
        },
    )


def code_distances(held_out: ArrayLike, first: float, last: float) -> go.Figure:
    """Draw distances to the training codes: of held-out images, the input and the last pass.

    Parameters
    ----------
    held_out : array-like of shape (n,)
        Distances of held-out images.
    first, last : float
        Distances of the input image and of the last reconstruction.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    values = np.asarray(held_out, float)
    heights, edges = np.histogram(values, 40)
    bars = {
        "type": "bar",
        "x": ((edges[1:] + edges[:-1]) / 2).tolist(),
        "y": (heights / max(1, len(values))).tolist(),
        "marker": {"color": NEUTRAL, "opacity": 0.6},
        "hoverinfo": "skip",
    }
    marks, notes = [], []
    for place, name, colour, y in (
        (first, t("input"), PALETTE[2], 1.0),
        (last, t("last"), HELD_OUT, 0.86),
    ):
        line = {"color": colour, "width": 2}
        marks.append({"type": "line", "x0": place, "x1": place, "y0": 0, "y1": 1, "line": line})
        notes.append({"text": name, "x": place, "y": y, "font": {"color": colour}})
    return build_figure(
        [bars],
        top=8,
        bargap=0,
        showlegend=False,
        shapes=[{**mark, "yref": "paper"} for mark in marks],
        annotations=[
            {**note, "yref": "paper", "showarrow": False, "xanchor": "left", "xshift": 4}
            for note in notes
        ],
        xaxis={"title": title(t("distance to the training codes")), "rangemode": "tozero"},
        yaxis={"tickformat": ".0%", "title": title(t("held-out images"))},
    )
