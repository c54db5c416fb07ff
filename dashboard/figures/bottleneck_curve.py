"""Reconstruction error against bottleneck, compared with PCA."""

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from aecore.i18n import t
from dashboard.figures.theme import (
    NEUTRAL,
    PALETTE,
    build_figure,
    legend_above,
    log_ticks,
    title,
)


def against_bottleneck(
    groups: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    pca: tuple[Sequence[int], Sequence[float]],
) -> go.Figure:
    """Draw reconstruction error against bottleneck, for autoencoders and PCA.

    Parameters
    ----------
    groups : mapping of str to (bottlenecks, errors)
        Curves of the autoencoders; keys are the entries of the legend.
    pca : (bottlenecks, errors)
        Curve of PCA. Its bottlenecks are the ticks of the axis.

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
    errors = [np.asarray(values, float) for _, values in (*groups.values(), pca)]
    return build_figure(
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
        yaxis={
            "type": "log",
            "tickformat": ".3~g",
            "title": title(t("held-out error")),
            **log_ticks(*errors),
        },
    )
