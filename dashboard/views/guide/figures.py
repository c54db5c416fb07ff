"""Figures of the Guide page: a diagram of the network, and the activations of a code."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from aecore.i18n import nt, t
from dashboard.figures.theme import (
    CLEAR,
    HELD_OUT,
    NEUTRAL,
    SHADE,
    TRAIN,
    UNIT,
    build_figure,
    title,
)

# In units of the height of the largest layer, which is centred at 0.
ARC_HEIGHT, CAPTION_HEIGHT = 0.8, -0.74
MAX_UPRIGHT, MAX_BARS, SPECKLES = 11, 128, 40


def network(
    shapes: Sequence[tuple[int, ...]],
    activations: Sequence[str],
    *,
    linear_path: bool = False,
    tied: bool = False,
    noise: str = "",
    sparsity: str = "",
) -> go.Figure:
    """Draw the layers of an autoencoder, with heights on a logarithmic scale of their units.

    Parameters
    ----------
    shapes : sequence of tuple of int, of odd length
        Shapes of the layers, from the image through the code to the reconstruction.
    activations : sequence of str, of the same length
        Translated names of the activations; empty for the image.
    linear_path : bool
        Whether there is a linear path parallel to the network; drawn as an arc.
    tied : bool
        Whether the decoder uses the encoder's weights.
    noise, sparsity : str
        Translated descriptions of the noise and the sparsity constraint; empty if there is none.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    code = len(shapes) // 2
    units = [int(np.prod(shape)) for shape in shapes]
    heights = np.log2(np.array(units) + 1.0) / np.log2(max(units) + 1.0)
    wide = min(0.4, 0.042 * len(shapes))
    arcs = [_arc(0, code, heights), _arc(code, len(shapes) - 1, heights)] if linear_path else []
    notes = [
        *(_size(place, shape, heights[place], len(shapes)) for place, shape in enumerate(shapes)),
        *_parts(activations, tied, noise, sparsity),
    ]
    if linear_path:
        notes.append(_note(code, ARC_HEIGHT - 0.06, t("linear path"), yanchor="bottom"))
    return build_figure(
        [_hover_points(shapes, activations, units), *_speckles(wide, heights[0], noise)],
        top=8,
        hovermode="closest",
        showlegend=False,
        shapes=[
            *(_link(place, wide, heights) for place in range(len(shapes) - 1)),
            *arcs,
            *(_bar(place, wide, heights[place], code) for place in range(len(shapes))),
        ],
        annotations=notes,
        xaxis=_blank(-0.5, len(shapes) - 0.5),
        yaxis=_blank(-1.02, 0.95),
    )


def code(values: ArrayLike, extent: float) -> go.Figure:
    """Plot the activations of one code as bars, or as a line if there are many units.

    Parameters
    ----------
    values : array-like of float, shape (d,)
        Activation of each unit.
    extent : float
        Largest absolute value on the y axis, which is the same for all codes.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    bars = np.asarray(values, np.float32)
    hover = t("unit {unit}: {value}", unit="%{x}", value="%{y:.3f}") + "<extra></extra>"
    trace: dict[str, Any] = {"x": np.arange(bars.size), "y": bars, "hovertemplate": hover}
    if bars.size <= MAX_BARS:
        trace |= {"type": "bar", "marker": {"color": UNIT}}
    else:
        line = {"color": UNIT, "width": 1, "shape": "hvh"}
        trace |= {"type": "scatter", "mode": "lines", "line": line, "fill": "tozeroy"}
    return build_figure(
        [trace],
        top=8,
        showlegend=False,
        bargap=0.25,
        xaxis={
            "title": title(t("unit of the code")),
            "range": [-0.6, bars.size - 0.4],
            "showgrid": False,
            "tick0": 0,
            "dtick": -(-bars.size // 8),
        },
        yaxis={"title": title(t("activation")), "range": [-extent, extent], "nticks": 5},
    )


def _link(place: int, wide: float, heights: Sequence[float]) -> dict[str, Any]:
    """Return the shape that connects a layer to the next."""
    left, right = place + wide / 2, place + 1 - wide / 2
    low, high = heights[place] / 2, heights[place + 1] / 2
    path = f"M{left},{-low}L{right},{-high}L{right},{high}L{left},{low}Z"
    return {
        "type": "path",
        "path": path,
        "fillcolor": SHADE,
        "line": {"width": 0},
        "layer": "below",
    }


def _bar(place: int, wide: float, height: float, code: int) -> dict[str, Any]:
    """Return the shape of a layer, coloured by its role."""
    colour = NEUTRAL if place in (0, 2 * code) else HELD_OUT
    return {
        "type": "rect",
        "x0": place - wide / 2,
        "x1": place + wide / 2,
        "y0": -height / 2,
        "y1": height / 2,
        "fillcolor": TRAIN if place == code else colour,
        "line": {"width": 0},
        "layer": "below",
    }


def _arc(left: int, right: int, heights: Sequence[float]) -> dict[str, Any]:
    """Return the arc of a linear path over the layers that it bypasses."""
    start, end = heights[left] / 2, heights[right] / 2
    path = f"M{left},{start}C{left},{ARC_HEIGHT} {right},{ARC_HEIGHT} {right},{end}"
    return {"type": "path", "path": path, "line": {"color": TRAIN, "width": 2, "dash": "dot"}}


def _size(place: int, shape: tuple[int, ...], height: float, count: int) -> dict[str, Any]:
    """Return the annotation below a layer that gives its size."""
    text = f"{shape[0]:,}" if len(shape) == 1 else " × ".join(map(str, shape[-2:]))
    if len(shape) == 3:
        text = f"{shape[0]:,} ×<br>{text}"
    is_crowded = count > MAX_UPRIGHT and 0 < place < count - 1
    rotation = {"textangle": -90} if is_crowded else {}
    return _note(place, -height / 2 - 0.02, text, yanchor="top", **rotation)


def _parts(
    activations: Sequence[str], tied: bool, noise: str, sparsity: str
) -> list[dict[str, Any]]:
    """Return the captions of the parts, with their activations and constraints."""
    last = len(activations) - 1
    code = last // 2
    hidden = activations[1] if code > 1 else ""
    edge = 0.45 if code > 1 else 0.0
    columns = [
        (-edge, t("image"), "", noise),
        (code / 2, t("encoder"), hidden, ""),
        (code, t("code"), activations[code], sparsity),
        ((code + last) / 2, t("decoder"), hidden, t("the encoder’s weights") if tied else ""),
        (last + edge, t("reconstruction"), activations[last], ""),
    ]
    anchors = ["left", "center", "center", "center", "right"] if edge else ["center"] * 5
    return [
        _note(place, CAPTION_HEIGHT, _lines(*lines), xanchor=anchor, yanchor="top", align=anchor)
        for (place, *lines), anchor in zip(columns, anchors, strict=True)
    ]


def _lines(name: str, activation: str, constraint: str) -> str:
    emphasis = f"<i>{constraint}</i>" if constraint else ""
    return "<br>".join(filter(None, (f"<b>{name}</b>", activation, emphasis)))


def _speckles(wide: float, height: float, noise: str) -> list[dict[str, Any]]:
    """Return random dots over the input layer, or none without noise."""
    if not noise:
        return []
    across, up = np.random.default_rng(0).random((2, SPECKLES)) - 0.5
    marker = {"color": TRAIN, "size": 4}
    place = {"x": across * wide * 0.9, "y": up * height * 0.97}
    return [{"type": "scatter", "mode": "markers", "marker": marker, "hoverinfo": "skip", **place}]


def _hover_points(
    shapes: Sequence[tuple[int, ...]], activations: Sequence[str], units: Sequence[int]
) -> dict[str, Any]:
    """Return invisible points whose hover text describes the layers."""
    texts = [
        " \N{MIDDLE DOT} ".join(
            filter(None, (nt("{count:,} unit", "{count:,} units", count), name))
        )
        for count, name in zip(units, activations, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(range(len(shapes))),
        "y": [0] * len(shapes),
        "marker": {"size": 24, "color": CLEAR},
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
    }


def _blank(low: float, high: float) -> dict[str, Any]:
    return {
        "range": [low, high],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
    }


def _note(x: float, y: float, text: str, **more: Any) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "borderpad": 0, **more}
