"""Figures of time and memory by dataset size, drawn from arrays."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.i18n import t
from dashboard.figures.theme import HELD_OUT, PALETTE, build_figure, legend_above, log_ticks, title

COLOURS: Mapping[str, str] = {
    "autoencoder": HELD_OUT,
    "incremental": PALETTE[1],
    "full": PALETTE[2],
}
DASHES = ("solid", "dash", "dot", "dashdot")

Line = tuple[str, str, Sequence[int], Sequence[float]]
"""Method, image size, numbers of images, and the measurement for each number."""


def growth(lines: Sequence[Line], names: Mapping[str, str], unit: str) -> go.Figure:
    """Plot the cost of each method against the number of images, on logarithmic axes.

    Parameters
    ----------
    lines : sequence of Line
        The colour shows the method, the dash pattern the image size.
    names : mapping of str to str
        Translated names of the methods.
    unit : str
        Translated title of the y axis.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    sizes = list(dict.fromkeys(size for _, size, _, _ in lines))
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": list(counts),
            "y": list(values),
            "name": names[method] + (f", {size}" if len(sizes) > 1 else ""),
            "line": {
                "color": COLOURS[method],
                "width": 2.5,
                "dash": DASHES[sizes.index(size) % len(DASHES)],
            },
            "hovertemplate": "%{y:.3~g}",
        }
        for method, size, counts, values in lines
    ]
    ticks = sorted({count for _, _, counts, _ in lines for count in counts})
    values = [np.asarray(each, float) for _, _, _, each in lines]
    return build_figure(
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
