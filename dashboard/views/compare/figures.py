"""Figures of the Compare page, as functions of arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from aecore.i18n import t
from dashboard.figures.latent_map import latent_map
from dashboard.figures.theme import (
    PALETTE,
    build_figure,
    legend_above,
    note_above,
    title,
)

FADED = 0.06
GAP = 0.03


def overlaid(curves: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> go.Figure:
    """Draw the validation error curves of several runs on shared axes.

    Parameters
    ----------
    curves : mapping of str to (epochs, errors)
        Keys are the names of the runs.

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
    return build_figure(
        lines,
        top=56,
        hovermode="x unified",
        showlegend=True,
        legend=legend_above(),
        xaxis={"title": title(t("epoch")), "rangemode": "tozero"},
        yaxis={"type": "log", "tickformat": ".3~g", "title": title(t("validation error"))},
    )


def linked_map(
    points: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: Sequence[str],
    selected: ArrayLike,
) -> go.Figure:
    """Draw a latent map whose points carry their indices, with a selection highlighted.

    Parameters
    ----------
    points : ndarray of shape (n, 2), float32
    labels : ndarray of shape (n,), int64
        Indices into `classes`; -1 for no label.
    classes : sequence of str
    selected : array-like of int
        Indices of points. The other points are faded; if empty, no point is.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    drawing = go.Figure(latent_map(points, labels, classes))
    rows = np.asarray(selected, int)
    for number, cloud in enumerate(drawing.data, -1):
        members = np.flatnonzero(labels == number)
        cloud.customdata = members
        cloud.unselected = {"marker": {"opacity": FADED}}
        if rows.size:
            cloud.selectedpoints = np.flatnonzero(np.isin(members, rows))
    # A new revision removes the box or lasso, so that all maps show only the selected points.
    drawing.layout.selectionrevision = " ".join(map(str, rows.tolist()))
    return drawing


def cells(
    places: Sequence[tuple[Any, Any, Any]],
    errors: Sequence[float],
    names: Sequence[str],
    axes: tuple[str, str, str],
) -> go.Figure:
    """Draw heat maps of validation error over two settings, one for each value of a third setting.

    Parameters
    ----------
    places : sequence of (across, up, panel), of length n
        Each run's values of the three settings.
    errors : sequence of float, of length n
    names : sequence of str, of length n
        Names of the runs; a click on a cell returns the name.
    axes : (str, str, str)
        Labels of the three settings.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    across, up, panels = (sorted({place[k] for place in places}, key=_order) for k in range(3))
    results = {
        place: (error, name) for place, error, name in zip(places, errors, names, strict=True)
    }
    width = (1 - GAP * (len(panels) - 1)) / len(panels)
    maps: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    heads = []
    for number, panel in enumerate(panels):
        rows = [[results.get((x, y, panel), (None, "")) for x in across] for y in up]
        suffix = str(number + 1) if number else ""
        maps.append({**_heat(across, up, rows), "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"})
        left = number * (width + GAP)
        axis = {"type": "category", "showgrid": False}
        x_axis = {"title": title(axes[0]), "domain": [left, left + width], "anchor": f"y{suffix}"}
        layout[f"xaxis{suffix}"] = {**axis, **x_axis}
        y_axis = {"title": title("" if number else axes[1]), "anchor": f"x{suffix}"}
        ticks = {"showticklabels": not number and len(up) > 1, "ticks": ""}
        layout[f"yaxis{suffix}"] = {**axis, **y_axis, **ticks}
        if len(panels) > 1:
            heads.append({**note_above(f"{axes[2]} {panel}"), "x": left})
    bar = {"title": {"text": t("validation error")}, "thickness": 12}
    colours = {"colorscale": "Viridis", "reversescale": True, "colorbar": bar}
    return build_figure(maps, top=28, coloraxis=colours, annotations=heads, **layout)


def _heat(
    across: Sequence[Any], up: Sequence[Any], rows: Sequence[Sequence[tuple[float | None, str]]]
) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "x": [str(x) for x in across],
        "y": [str(y) for y in up],
        "z": [[error for error, _ in row] for row in rows],
        "customdata": [[name for _, name in row] for row in rows],
        "texttemplate": "%{z:.4f}",
        "hovertemplate": "%{x}, %{y}: %{z:.5f}<extra></extra>",
        "hoverongaps": False,
        "coloraxis": "coloraxis",
        "xgap": 2,
        "ygap": 2,
    }


def parallel(values: Mapping[str, Sequence[Any]], errors: Sequence[float]) -> go.Figure:
    """Draw runs as parallel coordinates: a line each through its settings to its validation error.

    Parameters
    ----------
    values : mapping of str to sequence of length n
        The runs' values of each setting; keys are labels in the user's language.
    errors : sequence of float, of length n

    Returns
    -------
    plotly.graph_objects.Figure
    """
    dimensions = []
    for label, column in values.items():
        levels = sorted(set(column), key=_order)
        positions = [levels.index(value) for value in column]
        ticks = {"tickvals": list(range(len(levels))), "ticktext": [str(level) for level in levels]}
        dimensions.append({"label": label, "values": positions, **ticks})
    dimensions.append({"label": t("validation error"), "values": list(errors)})
    line = {"color": list(errors), "colorscale": "Viridis", "reversescale": True}
    lines = {"type": "parcoords", "dimensions": dimensions, "line": line}
    return build_figure([lines], top=48, margin={"l": 48, "r": 48, "t": 48, "b": 16})


def _order(value: object) -> tuple[float, str]:
    """Return a sort key that puts numbers in numerical order before other texts."""
    try:
        return float(str(value)), ""
    except ValueError:
        return float("inf"), str(value)
