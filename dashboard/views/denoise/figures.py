"""Figures of the Denoise page. Functions of arrays."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from aecore.i18n import t
from dashboard.figures.theme import HELD_OUT, NEUTRAL, PALETTE, drawn, legend_above, title

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
    trained: float | None,
    now: float,
) -> go.Figure:
    """Draw PSNR against the level of the noise, a line for each method.

    Parameters
    ----------
    levels : sequence of float
    psnr : mapping of str to array-like of shape (len(levels),)
        In dB, by method.
    names : mapping of str to str
        The methods in the reader's language.
    trained : float or None
        The level the network was trained at.
    now : float
        The level looked at.

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
    marks = [_line(now, "dot")] + ([] if trained is None else [_line(trained, "dash")])
    notes = []
    if trained is not None:
        notes = [
            {
                "text": t("training level"),
                "x": trained,
                "y": 1,
                "yref": "paper",
                "xanchor": "left",
                "yanchor": "top",
                "xshift": 4,
                "showarrow": False,
            }
        ]
    return drawn(
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


def levels_matrix(trained: Sequence[str], tested: Sequence[float], psnr: ArrayLike) -> go.Figure:
    """Draw PSNR by the level a run was trained at and the level it is tested at.

    Parameters
    ----------
    trained : sequence of str
        What each run is called: its level, and what tells it from others.
    tested : sequence of float
    psnr : array-like of shape (len(trained), len(tested))
        In dB.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    values = np.round(np.asarray(psnr, float), 1)
    best = values.max(axis=0)
    text = np.where(values == best, np.char.add(values.astype(str), " ★"), values.astype(str))
    heat = {
        "type": "heatmap",
        "x": [f"{each:g}" for each in tested],
        "y": list(trained),
        "z": values,
        "text": text,
        "texttemplate": "%{text}",
        "colorscale": "Viridis",
        "colorbar": {"title": {"text": "dB"}, "thickness": 12},
        "hovertemplate": "%{y} → %{x}: %{z} dB<extra></extra>",
    }
    return drawn(
        [heat],
        top=8,
        xaxis={"title": title(t("test level")), "type": "category"},
        yaxis={"title": title(t("training level")), "type": "category", "automargin": True},
    )
