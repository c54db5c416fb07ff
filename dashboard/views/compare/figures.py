"""Figures of the Compare page. Functions of arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from aecore.i18n import t
from dashboard.figures.latent_map import latent_map
from dashboard.figures.theme import (
    PALETTE,
    drawn,
    legend_above,
    note_above,
    title,
)

FADED = 0.06
GAP = 0.03


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
    places: Sequence[tuple[Any, Any, Any]],
    errors: Sequence[float],
    names: Sequence[str],
    axes: tuple[str, str, str],
) -> go.Figure:
    """Draw heat maps of runs by two knobs, one beside the other for each value of a third.

    Parameters
    ----------
    places : sequence of (across, up, panel), of length n
        The values of the three knobs, of each run.
    errors : sequence of float, of length n
    names : sequence of str, of length n
        What a click on the cell returns.
    axes : (str, str, str)
        What the knobs are called.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    across, up, panels = (sorted({place[k] for place in places}, key=_order) for k in range(3))
    found = {place: (error, name) for place, error, name in zip(places, errors, names, strict=True)}
    width = (1 - GAP * (len(panels) - 1)) / len(panels)
    maps: list[dict[str, Any]] = []
    layout: dict[str, Any] = {}
    heads = []
    for number, panel in enumerate(panels):
        rows = [[found.get((x, y, panel), (None, "")) for x in across] for y in up]
        ends = str(number + 1) if number else ""
        maps.append({**_heat(across, up, rows), "xaxis": f"x{ends}", "yaxis": f"y{ends}"})
        left = number * (width + GAP)
        axis = {"type": "category", "showgrid": False}
        place = {"title": title(axes[0]), "domain": [left, left + width], "anchor": f"y{ends}"}
        layout[f"xaxis{ends}"] = {**axis, **place}
        said = {"title": title("" if number else axes[1]), "anchor": f"x{ends}"}
        ticks = {"showticklabels": not number and len(up) > 1, "ticks": ""}
        layout[f"yaxis{ends}"] = {**axis, **said, **ticks}
        if len(panels) > 1:
            heads.append({**note_above(f"{axes[2]} {panel}"), "x": left})
    bar = {"title": {"text": t("error")}, "thickness": 12}
    colours = {"colorscale": "Viridis", "reversescale": True, "colorbar": bar}
    return drawn(maps, top=28, coloraxis=colours, annotations=heads, **layout)


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
