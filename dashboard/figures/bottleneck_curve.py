"""Reconstruction error against bottleneck, compared with PCA."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from aecore.i18n import t
from aecore.metrics.pca import is_exact
from dashboard.figures.theme import (
    NEUTRAL,
    PALETTE,
    build_figure,
    legend_above,
    log_ticks,
    note_above,
    title,
)

Curve = tuple[Sequence[int], Sequence[float]]
"""Bottlenecks, and the error at each."""


def against_bottleneck(
    groups: Mapping[str, Curve], pca: Mapping[str, Curve], error: str
) -> go.Figure:
    """Draw reconstruction error against bottleneck, for autoencoders and PCA.

    Parameters
    ----------
    groups : mapping of str to Curve
        Curves of the autoencoders; keys are the entries of the legend.
    pca : mapping of str to Curve
        Curves of PCA, dashed, without the bottlenecks at which it is exact. Their bottlenecks are
        the ticks of the axis.
    error : str
        Translated title of the y axis: on which images the errors are measured.

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
    curves = {
        name: [point for point in zip(*curve, strict=True) if not is_exact(point[1])]
        for name, curve in pca.items()
    }
    lines += [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": [width for width, _ in points],
            "y": [error for _, error in points],
            "name": name,
            "line": {"color": NEUTRAL, "dash": "dash", "width": 2},
        }
        for name, points in curves.items()
        if points
    ]
    widths = sorted({width for curve in pca.values() for width in curve[0]})
    errors = [np.array(line["y"], float) for line in lines]
    return build_figure(
        lines,
        top=48,
        annotations=_exact_note(pca),
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
            "title": title(error),
            **log_ticks(*errors),
        },
    )


def _exact_note(pca: Mapping[str, Curve]) -> list[dict[str, Any]]:
    """Return a note that names the bottleneck from which PCA is exact, if it is anywhere."""
    points = [point for curve in pca.values() for point in zip(*curve, strict=True)]
    exact = [width for width, error in points if is_exact(error)]
    if not exact:
        return []
    return [note_above(t("PCA is exact from bottleneck {width} on", width=min(exact)))]
