"""Colours and layout shared by all figures.

Font, text colour and grid are set in the browser (`dashboard.components.live_figure`), so that one
figure serves both the light and the dark theme.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

Spec = dict[str, Any]
"""A figure as Plotly's JavaScript takes it. `plotly.graph_objects.Figure` takes and checks it too,
which costs more time than all else that a redraw of a live figure does."""

# Optimised: the two closest colours are .15 apart in OKLab, .097 with red- or green-blindness
# (Tableau 10: .08 and .007); contrast is at least 2:1 to a white page and 3:1 to a dark one.
PALETTE = (
    "#0462da",
    "#4d9607",
    "#ee5981",
    "#09a0ab",
    "#b473f3",
    "#96584e",
    "#abb604",
    "#a63197",
    "#87b6fd",
    "#ddad9a",
)
SYMBOLS = ("circle", "diamond", "cross", "triangle-up", "square", "x")
NEUTRAL = "#8b919c"
SHADE = "rgba(139, 145, 156, 0.14)"
FAINT = "rgba(139, 145, 156, 0.6)"
CLEAR = "rgba(0, 0, 0, 0)"
TRAIN = "#ee9a4d"
HELD_OUT = "#3f7de8"
UNIT = "#3f7de8"
THRESHOLD = PALETTE[2]

# Ten colours of Inferno (Smith and van der Walt, CC0), and a scale from blue over black to orange.
INFERNO = (
    "#000004",
    "#1b0c41",
    "#4a0c6b",
    "#781c6d",
    "#a52c60",
    "#cf4446",
    "#ed6925",
    "#fb9b06",
    "#f7d13d",
    "#fcffa4",
)
SIGNED = ("#87b6fd", "#0462da", "#000004", "#cf4446", "#fb9b06")


def coloured(values: NDArray[np.floating[Any]], scale: Sequence[str]) -> NDArray[np.uint8]:
    """Map values to colours by linear interpolation in a scale of evenly spaced colours.

    Parameters
    ----------
    values : ndarray of float, any shape
        In [0, 1].
    scale : sequence of str
        Colours as ``#rrggbb``.

    Returns
    -------
    ndarray of uint8
        RGB, of shape ``(*values.shape, 3)``.
    """
    knots = np.array([list(bytes.fromhex(colour[1:])) for colour in scale], np.float32)
    positions = np.linspace(0, 1, len(knots))
    channels = [np.interp(values, positions, channel) for channel in knots.T]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def build_figure(traces: Sequence[Mapping[str, Any]], *, top: int, **layout: Any) -> go.Figure:
    """Create a figure with a transparent background, narrow margins and a persistent zoom.

    Parameters
    ----------
    traces : sequence of dict
    top : int
        Margin above the plot, in pixels.
    **layout : object
        Further properties of plotly's layout.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    return go.Figure(build_spec(traces, top=top, **layout))


def build_spec(traces: Sequence[Mapping[str, Any]], *, top: int, **layout: Any) -> Spec:
    """Create the plain form of the same figure, for figures that are redrawn while training."""
    base = {
        "template": {},
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "margin": {"l": 8, "r": 8, "t": top, "b": 8},
        "uirevision": "kept",
    }
    return {"data": list(traces), "layout": {**base, **layout}}


def title(text: str) -> dict[str, Any]:
    """Return an axis title close to its axis."""
    return {"text": text, "standoff": 6}


def log_ticks(*series: NDArray[np.float64]) -> dict[str, Any]:
    """Return tick settings of a logarithmic axis that suit the number of decades of the values."""
    values = np.concatenate(series) if series else np.empty(0)
    values = values[np.isfinite(values) & (values > 0)]
    ratio = values.max() / values.min() if values.size else 10.0
    if ratio < 6:
        return {"nticks": 5}
    return {"dtick": "D2" if ratio < 1000 else 1}


def legend_above() -> dict[str, Any]:
    """Return the settings of a one-line legend at the top left of the figure."""
    return {"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top"}


def note_above(text: str, *, at: float | None = None, anchor: str = "left") -> dict[str, Any]:
    """Return an annotation above the plot, at its left end or at a position on the x axis."""
    return {
        "text": text,
        "xref": "paper" if at is None else "x",
        "yref": "paper",
        "x": at or 0,
        "y": 1,
        "xanchor": anchor,
        "yanchor": "bottom",
        "yshift": 4,
        "borderpad": 0,
        "showarrow": False,
    }


def compact(figure: go.Figure | Spec) -> str:
    """Serialise a figure as JSON, without the escapes that plotly adds for HTML.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure or dict

    Returns
    -------
    str
    """
    if isinstance(figure, dict):
        try:
            return json.dumps(figure, default=_plain, separators=(",", ":"), allow_nan=False)
        except ValueError:
            # JSON has no NaN; plotly replaces them wherever they are.
            figure = go.Figure(figure)
    return str(figure.to_json(validate=False)).replace("\\u002f", "/")


# The dtypes that have a typed array in JavaScript.
TYPED = ("int32", "float32", "float64")


def _plain(value: Any) -> Any:
    """Convert an array to the form in which Plotly takes its bytes, or to a list."""
    if not isinstance(value, np.ndarray):
        return value.item()
    if value.dtype.kind in "iu" and abs(value).max(initial=0) < 2**31:
        value = value.astype(np.int32)
    if value.ndim != 1 or value.dtype.name not in TYPED:
        return value.tolist()
    return {"dtype": value.dtype.str[1:], "bdata": b64encode(value.tobytes()).decode("ascii")}
