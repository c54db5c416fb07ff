"""Figures of the Anomalies page, drawn from arrays."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from aecore.i18n import t
from dashboard.figures.theme import (
    HELD_OUT,
    NEUTRAL,
    PALETTE,
    THRESHOLD,
    TRAIN,
    build_figure,
    legend_above,
    title,
)

BINS = 60
MOST_POINTS = 200
Line = tuple[NDArray[np.float64], NDArray[np.float64], float]


def histograms(
    normal: NDArray[np.float64],
    anomalous: NDArray[np.float64],
    threshold: float,
    extent: tuple[float, float],
    name: str,
) -> go.Figure:
    """Plot histograms of the scores of normal and anomalous images, and the threshold.

    Parameters
    ----------
    normal, anomalous : ndarray of float64, shape (n,)
        Scores.
    threshold : float
    extent : (low, high)
        Range of the x axis; scores outside it are counted in the outermost bins.
    name : str
        Translated name of the score.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    edges = np.linspace(*extent, BINS + 1)
    kinds = ((normal, t("normal"), HELD_OUT), (anomalous, t("anomalous"), TRAIN))
    bars = [
        {
            "type": "bar",
            "x": ((edges[1:] + edges[:-1]) / 2).tolist(),
            "y": (np.histogram(each.clip(*extent), edges)[0] / max(1, len(each))).tolist(),
            "name": label,
            "marker": {"color": colour, "opacity": 0.7, "line": {"width": 0}},
            "hovertemplate": "%{y:.1%}",
        }
        for each, label, colour in kinds
    ]
    line = {"color": THRESHOLD, "width": 2}
    mark = {"x0": threshold, "x1": threshold, "y0": 0, "y1": 1, "yref": "paper", "line": line}
    return build_figure(
        bars,
        top=36,
        barmode="overlay",
        bargap=0,
        legend=legend_above(),
        shapes=[{"type": "line", **mark}],
        xaxis={"title": title(name), "range": list(extent)},
        yaxis={"tickformat": ".0%", "title": title(t("share of images"))},
    )


def curves(
    lines: Mapping[str, Line], axes: tuple[str, str], at: tuple[float, float], *, chance: bool
) -> go.Figure:
    """Plot curves over all thresholds, with their areas, and mark the current threshold.

    Parameters
    ----------
    lines : mapping of str to (x, y, area)
        By translated name; the first is emphasised.
    axes : (str, str)
        Translated titles of the x and y axes.
    at : (x, y)
        Point of the current threshold.
    chance : bool
        Whether to draw the diagonal, the expected curve of random guessing.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    colours = (HELD_OUT, PALETTE[1], PALETTE[2], PALETTE[4], PALETTE[5])
    traces: list[dict[str, object]] = []
    for number, (name, (x, y, area)) in enumerate(lines.items()):
        rows = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).astype(int))
        line = {"color": colours[number % len(colours)], "width": 1.5 if number else 3}
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x[rows].round(4).tolist(),
                "y": y[rows].round(4).tolist(),
                "name": f"{name} {area:.3f}",
                "line": line,
            }
        )
    marker = {"size": 11, "color": THRESHOLD, "line": {"width": 2, "color": "white"}}
    place = {"x": [at[0]], "y": [at[1]], "mode": "markers", "marker": marker}
    traces.append({"type": "scatter", "showlegend": False, "hoverinfo": "skip", **place})
    dash = {"color": NEUTRAL, "width": 1, "dash": "dot"}
    diagonal = {"type": "line", "x0": 0, "y0": 0, "x1": 1, "y1": 1, "line": dash}
    return build_figure(
        traces,
        top=8,
        shapes=[diagonal] if chance else [],
        legend={"x": 0.98, "y": 0.04, "xanchor": "right", "yanchor": "bottom"},
        xaxis={"title": title(axes[0]), "range": [-0.02, 1.02]},
        yaxis={"title": title(axes[1]), "range": [-0.02, 1.02]},
    )
