"""Figures of the Denoise page, drawn from arrays."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from aecore.i18n import t
from dashboard.figures.theme import HELD_OUT, NEUTRAL, PALETTE, build_figure, legend_above, title

COLOURS: Mapping[str, str] = {
    "autoencoder": HELD_OUT,
    "wiener": PALETTE[2],
    "pca": PALETTE[1],
    "tv": PALETTE[4],
    "median": PALETTE[5],
    "noisy": NEUTRAL,
}


def psnr_curves(
    levels: Sequence[float],
    psnr: Mapping[str, ArrayLike],
    names: Mapping[str, str],
    *,
    training_level: float | None,
    current_level: float,
) -> go.Figure:
    """Plot PSNR against noise level, one line per method.

    Parameters
    ----------
    levels : sequence of float
    psnr : mapping of str to array-like of shape (len(levels),)
        In dB, by method.
    names : mapping of str to str
        Translated names of the methods.
    training_level : float or None
        Noise level at which the network was trained; marked unless None.
    current_level : float
        Noise level that is currently selected; also marked.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    lines = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(levels),
            "y": np.round(np.asarray(psnr[method], float), 2).tolist(),
            "name": names[method],
            "line": {
                "color": colour,
                "width": 3 if method == "autoencoder" else 1.5,
                "dash": "dot" if method == "noisy" else "solid",
            },
            "marker": {"size": 6 if method == "autoencoder" else 4},
            "hovertemplate": "%{y:.2f} dB",
        }
        for method, colour in COLOURS.items()
        if method in psnr
    ]
    marks = [_line(current_level, "dot")]
    notes = []
    if training_level is not None:
        marks.append(_line(training_level, "dash"))
        notes = [
            {
                "text": t("training level"),
                "x": training_level,
                "y": 1,
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "xshift": 4,
                "showarrow": False,
            }
        ]
    return build_figure(
        lines,
        top=52,
        hovermode="x unified",
        legend=legend_above(),
        shapes=marks,
        annotations=notes,
        xaxis={"title": title(t("noise level")), "rangemode": "tozero"},
        yaxis={"title": title(t("PSNR (dB)"))},
    )


def _line(at: float, dash: str) -> dict[str, object]:
    line = {"color": NEUTRAL, "width": 1, "dash": dash}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def levels_matrix(
    runs: Sequence[str], test_levels: Sequence[float], psnr: ArrayLike, validation: ArrayLike
) -> go.Figure:
    """Plot a heat map of PSNR by run and test level, with the best run per level starred.

    Parameters
    ----------
    runs : sequence of str
        Labels of the runs, with their training levels.
    test_levels : sequence of float
    psnr : array-like of shape (len(runs), len(test_levels))
        On test images, in dB.
    validation : array-like of the same shape
        On validation images, by which the best are chosen.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    values, chosen = np.round(np.asarray(psnr, float), 1), np.asarray(validation, float)
    best = chosen == chosen.max(axis=0)
    text = np.where(best, np.char.add(values.astype(str), " ★"), values.astype(str))
    heat = {
        "type": "heatmap",
        "x": [f"{each:g}" for each in test_levels],
        "y": list(runs),
        "z": values,
        "text": text,
        "texttemplate": "%{text}",
        "colorscale": "Viridis",
        "colorbar": {"title": {"text": "dB"}, "thickness": 12},
        "hovertemplate": "%{y} → %{x}: %{z} dB<extra></extra>",
    }
    return build_figure(
        [heat],
        top=8,
        xaxis={"title": title(t("test level")), "type": "category"},
        yaxis={"title": title(t("training level")), "type": "category", "automargin": True},
    )
