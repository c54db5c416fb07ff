"""Figures of the Anomalies page, drawn from arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

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
    note_above,
    title,
)

BINS = 60
MOST_POINTS = 200
GAP = 0.02
BLACK_TO_WHITE = [[0, "#000000"], [1, "#ffffff"]]
CLEAR_TO_DEFECT = [[0, "rgba(238, 89, 129, 0)"], [1, "rgba(238, 89, 129, 0.9)"]]
OUTLINE = PALETTE[3]
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


def defect_panels(
    image: NDArray[np.float32],
    reconstruction: NDArray[np.float32],
    z_scores: NDArray[np.float32],
    threshold: float,
    outline: Sequence[NDArray[np.float64]],
) -> go.Figure:
    """Draw an image, its reconstruction, and the map of its defects over the image.

    Parameters
    ----------
    image, reconstruction : ndarray of shape (height, width), float32 in [0, 1]
    z_scores : ndarray of shape (height, width), float32
        Error beyond what is normal at each pixel, in standard deviations.
    threshold : float
        Scores from here on have the strongest colour.
    outline : sequence of ndarray of shape (k, 2), float64
        Lines through points (x, y) around the regions, drawn on the image and on the map.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    heat = {
        "type": "heatmap",
        "z": z_scores.round(2),
        "zmin": 0,
        "zmax": threshold,
        "colorscale": CLEAR_TO_DEFECT,
        "colorbar": {"title": {"text": t("standard deviations"), "side": "right"}, "thickness": 12},
        "hovertemplate": "%{z:.1f}<extra></extra>",
    }
    panels: Mapping[str, list[dict[str, Any]]] = {
        t("image"): [_grey(image), _line(outline)],
        t("reconstructed"): [_grey(reconstruction)],
        t("error beyond normal"): [{**_grey(image), "hoverinfo": "skip"}, heat, _line(outline)],
    }
    height, width = image.shape
    share = (1 - GAP * (len(panels) - 1)) / len(panels)
    traces, layout, heads = [], dict[str, Any](), []
    for number, (name, drawn) in enumerate(panels.items()):
        suffix = str(number + 1) if number else ""
        traces += [{**each, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}"} for each in drawn]
        left = number * (share + GAP)
        shared = {"matches": "x"} if number else {}
        x_axis = {"domain": [left, left + share], "anchor": f"y{suffix}", **shared}
        layout[f"xaxis{suffix}"] = {"range": [-0.5, width - 0.5], "visible": False, **x_axis}
        square = {"scaleanchor": f"x{suffix}", "constrain": "domain", "anchor": f"x{suffix}"}
        layout[f"yaxis{suffix}"] = {"range": [height - 0.5, -0.5], "visible": False, **square}
        heads.append({**note_above(name), "x": left})
    return build_figure(traces, top=28, annotations=heads, showlegend=False, **layout)


def _grey(image: NDArray[np.float32]) -> dict[str, Any]:
    return {
        "type": "heatmap",
        "z": image.round(3),
        "zmin": 0,
        "zmax": 1,
        "colorscale": BLACK_TO_WHITE,
        "showscale": False,
        "hovertemplate": "%{z:.2f}<extra></extra>",
    }


def _line(outline: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """Return a trace of lines, with a gap between one and the next."""
    gap = np.full((1, 2), np.nan)
    points = np.concatenate([gap, *(each for line in outline for each in (line, gap))])
    return {
        "type": "scatter",
        "mode": "lines",
        "x": points[:, 0].tolist(),
        "y": points[:, 1].tolist(),
        "line": {"color": OUTLINE, "width": 2},
        "hoverinfo": "skip",
    }
