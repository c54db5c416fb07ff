"""Figures of time and memory as the data grow. Functions of arrays."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.i18n import t
from dashboard.figures.theme import HELD_OUT, PALETTE, drawn, legend_above, log_ticks, title

COLOURS: Mapping[str, str] = {
    "autoencoder": HELD_OUT,
    "incremental": PALETTE[1],
    "full": PALETTE[2],
}
DASHES = ("solid", "dash", "dot", "dashdot")

Line = tuple[str, str, Sequence[int], Sequence[float]]
"""Method, what tells it from others of the method, numbers of images, and what they took."""


def growth(lines: Sequence[Line], names: Mapping[str, str], unit: str) -> go.Figure:
    """Draw what methods take against the number of images, both on logarithmic axes.

    Parameters
    ----------
    lines : sequence of Line
        Those of a method have one colour, those of the same kind one dash.
    names : mapping of str to str
        The methods in the reader's language.
    unit : str
        What the y axis shows, in the reader's language.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    kinds = list(dict.fromkeys(kind for _, kind, _, _ in lines))
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(counts),
            "y": list(values),
            "name": names[method] + (f", {kind}" if len(kinds) > 1 else ""),
            "line": {
                "color": COLOURS[method],
                "width": 2.5,
                "dash": DASHES[kinds.index(kind) % len(DASHES)],
            },
            "hovertemplate": "%{y:.3~g}",
        }
        for method, kind, counts, values in lines
    ]
    ticks = sorted({count for _, _, counts, _ in lines for count in counts})
    values = [np.asarray(each, float) for _, _, _, each in lines]
    return drawn(
        traces,
        top=28 + 20 * -(-len(lines) // 2),
        showlegend=True,
        legend=legend_above(),
        hovermode="x unified",
        xaxis={
            "title": title(t("images")),
            "type": "log",
            "tickvals": ticks,
            "ticktext": [f"{each:,}" for each in ticks],
        },
        yaxis={"title": title(unit), "type": "log", "tickformat": ".3~g", **log_ticks(*values)},
    )
