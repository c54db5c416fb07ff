"""Figures of the Compare page. Functions of arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from aecore.words import t
from dashboard.figures import latent_map
from dashboard.theme import NEUTRAL, PALETTE, drawn, legend_above, title

FADED = 0.06


def overlaid(curves: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> go.Figure:
    """Draw the held-out errors of runs over each other.

    Parameters
    ----------
    curves : mapping of str to (epochs, errors)
        By the name of the run.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    lines = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": np.asarray(epochs, float).round(4).tolist(),
            "y": np.asarray(errors, float).tolist(),
            "name": name,
            "line": {"color": PALETTE[number % len(PALETTE)], "width": 2},
            "hovertemplate": "%{y:.5f}",
        }
        for number, (name, (epochs, errors)) in enumerate(curves.items())
    ]
    return drawn(
        lines,
        top=56,
        hovermode="x unified",
        showlegend=True,
        legend=legend_above(),
        xaxis={"title": title(t("epoch")), "rangemode": "tozero"},
        yaxis={"type": "log", "tickformat": ".3~g", "title": title(t("held-out error"))},
    )


def linked_map(
    points: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    selected: ArrayLike,
) -> go.Figure:
    """Draw a latent map whose points know their numbers, with some of them marked.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float32
    labels : ndarray of shape (n,), int64
        -1 for none.
    classes : sequence of str
    selected : array-like of int
        Rows of `points`; the others fade, unless there are none.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    drawing = latent_map(points, labels, classes)
    rows = np.asarray(selected, int)
    for number, cloud in enumerate(drawing.data, -1):
        members = np.flatnonzero(labels == number)
        cloud.customdata = members
        cloud.unselected = {"marker": {"opacity": FADED}}
        if rows.size:
            cloud.selectedpoints = np.flatnonzero(np.isin(members, rows))
    # A box or lasso drawn by hand gives way to what it chose, here as on the other maps.
    drawing.layout.selectionrevision = " ".join(map(str, rows.tolist()))
    return drawing


def cells(
    across: Sequence[str],
    up: Sequence[str],
    errors: Sequence[float],
    names: Sequence[str],
    axes: tuple[str, str],
) -> go.Figure:
    """Draw a heat map of runs, each cell of which can be clicked.

    Parameters
    ----------
    across, up : sequence of str, each of length n
        The values of two knobs, of each run.
    errors : sequence of float, of length n
    names : sequence of str, of length n
        The runs' folders, which a click returns.
    axes : (str, str)
        The two knobs.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    columns, rows = len(set(across)), len(set(up))
    # Squares of markers rather than a heat map: Streamlit tells of clicks on points only.
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "x": list(across),
        "y": list(up),
        "text": [f"{error:.4f}" for error in errors],
        "customdata": list(names),
        "marker": {
            "symbol": "square",
            "size": int(np.clip(min(560 / columns, 260 / rows), 18, 64)),
            "color": list(errors),
            "colorscale": "Viridis",
            "reversescale": True,
            "showscale": True,
            "colorbar": {"title": {"text": t("error")}, "thickness": 12},
        },
        "textfont": {"size": 10, "color": "white"},
        "hovertemplate": "%{x}, %{y}: %{text}<extra></extra>",
    }
    return drawn(
        [points],
        top=12,
        xaxis={"title": title(axes[0]), "type": "category"},
        yaxis={"title": title(axes[1]), "type": "category", "automargin": True},
    )


def parallel(values: Mapping[str, Sequence[Any]], errors: Sequence[float]) -> go.Figure:
    """Draw runs as lines through their knobs to their errors.

    Parameters
    ----------
    values : mapping of str to sequence of length n
        Of each knob, in the reader's words.
    errors : sequence of float, of length n

    Returns
    -------
    plotly.graph_objects.Figure
    """
    dimensions = []
    for name, each in values.items():
        kinds = sorted(set(each), key=_order)
        places = [kinds.index(value) for value in each]
        ticks = {"tickvals": list(range(len(kinds))), "ticktext": [str(kind) for kind in kinds]}
        dimensions.append({"label": name, "values": places, **ticks})
    dimensions.append({"label": t("error"), "values": list(errors)})
    line = {"color": list(errors), "colorscale": "Viridis", "reversescale": True}
    lines = {"type": "parcoords", "dimensions": dimensions, "line": line}
    return drawn([lines], top=48, margin={"l": 48, "r": 48, "t": 48, "b": 16})


def _order(value: object) -> tuple[float, str]:
    try:
        return float(str(value)), ""
    except ValueError:
        return float("inf"), str(value)


def against_bottleneck(
    groups: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    pca: tuple[Sequence[int], Sequence[float]],
) -> go.Figure:
    """Draw error against bottleneck, with PCA's on the same axes.

    Parameters
    ----------
    groups : mapping of str to (bottlenecks, errors)
        The autoencoders, by what else tells them apart.
    pca : (bottlenecks, errors)

    Returns
    -------
    plotly.graph_objects.Figure
    """
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(widths),
            "y": list(errors),
            "name": name,
            "line": {"color": PALETTE[number % len(PALETTE)], "width": 2},
        }
        for number, (name, (widths, errors)) in enumerate(groups.items())
    ]
    dash = {"color": NEUTRAL, "dash": "dash", "width": 2}
    lines.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(pca[0]),
            "y": list(pca[1]),
            "name": t("PCA"),
            "line": dash,
        }
    )
    widths = sorted({*pca[0]})
    return drawn(
        lines,
        top=48,
        showlegend=True,
        legend=legend_above(),
        hovermode="x unified",
        xaxis={
            "title": title(t("bottleneck")),
            "type": "log",
            "tickvals": widths,
            "ticktext": [str(width) for width in widths],
        },
        yaxis={"type": "log", "tickformat": ".3~g", "title": title(t("held-out error"))},
    )
