"""The loss curve: training, held-out and PCA error over steps, with every change marked."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from aecore.i18n import t
from dashboard.figures.theme import (
    FAINT,
    HELD_OUT,
    NEUTRAL,
    SHADE,
    TRAIN,
    drawn,
    legend_above,
    log_ticks,
    note_above,
    title,
)

MOST_ROWS = 2000

# The share of the axis that a letter of a label is given: a plot about 320 pixels wide.
LETTER = 1 / 55


def loss(
    history: Sequence[Mapping[str, Any]],
    edits: Sequence[Mapping[str, Any]] = (),
    *,
    at: int | None = None,
) -> go.Figure:
    """Draw training, held-out and PCA error over steps, with every change marked.

    Parameters
    ----------
    history : sequence of dict
        Rows with `step`, `train`, `held_out` and `pca`, and `stage` (1, 2, ...) while layers are
        pretrained. Values that are missing, None or not positive are passed over.
    edits : sequence of dict
        Each a `step` and its `changes`, from a setting to its value before and after, all three
        as texts in the reader's language.
    at : int, optional
        A step to point at.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    steps = np.array([row["step"] for row in history], np.int32)
    train, held_out, pca = (_column(history, key) for key in ("train", "held_out", "pca"))
    kept = decimate((train, held_out))
    last = max([1, *steps[-1:].tolist(), *(edit["step"] for edit in edits)])
    dashed = {"color": NEUTRAL, "width": 1.5, "dash": "dash", "shape": "hv"}
    return drawn(
        [
            _line(steps, train, kept, t("train"), {"color": TRAIN, "width": 1.2}),
            _line(steps, held_out, kept, t("held-out"), {"color": HELD_OUT, "width": 2.5}),
            _line(steps, pca, _turns(pca), t("PCA"), dashed),
            *([_edit_lines(edits)] if edits else []),
        ],
        top=52,
        shapes=_stages(history, last) + ([] if at is None else [_pointer(at)]),
        annotations=_edit_labels(edits, last),
        hovermode="x unified",
        legend=legend_above(),
        xaxis={"title": title(t("step")), "range": [0, last], "tickformat": ",d", "nticks": 7},
        yaxis={"type": "log", "tickformat": ".3~g", **log_ticks(train, held_out, pca)},
        yaxis2={"range": [0, 1], "overlaying": "y", "visible": False, "fixedrange": True},
    )


def decimate(series: Sequence[NDArray[np.float64]], most: int = MOST_ROWS) -> NDArray[np.intp]:
    """Choose rows that keep the look of some lines: both ends, each stretch's lows and highs.

    Parameters
    ----------
    series : sequence of ndarray, each of shape (n,)
        Lines over the same rows; NaN where one has no value.
    most : int
        About how many rows are chosen at most.

    Returns
    -------
    ndarray of int
        Ascending row numbers.
    """
    rows = len(series[0])
    if rows <= most:
        return np.arange(rows)
    size = math.ceil(rows * 2 * len(series) / most)
    start = np.arange(0, rows, size)
    padded = np.full((len(series), len(start) * size), np.nan)
    padded[:, :rows] = series
    stretches = padded.reshape(len(series), len(start), size)
    unknown = np.isnan(stretches)
    lows = start + np.where(unknown, np.inf, stretches).argmin(axis=2)
    highs = start + np.where(unknown, -np.inf, stretches).argmax(axis=2)
    return np.unique(np.concatenate([[0, rows - 1], lows.ravel(), highs.ravel()]))


def _column(history: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    """Read one series; a logarithmic axis has no place for what is not positive."""
    values = np.array([row.get(key) for row in history], np.float64)
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _turns(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the rows at which a step function changes, and its last one."""
    known = np.flatnonzero(np.isfinite(values))
    changes: NDArray[np.bool_] = np.diff(values[known], prepend=np.nan) != 0
    changes[-1:] = True
    return known[changes]


def _line(
    steps: NDArray[np.int32],
    values: NDArray[np.float64],
    rows: NDArray[np.intp],
    name: str,
    line: Mapping[str, Any],
) -> dict[str, Any]:
    known = rows[np.isfinite(values[rows])]
    return {
        "type": "scatter",
        "x": steps[known],
        "y": values[known].astype(np.float32),
        "name": name,
        "line": line,
        "mode": "lines",
        "hovertemplate": "%{y:.4~g}",
    }


def _pointer(step: int) -> dict[str, Any]:
    line = {"color": HELD_OUT, "width": 1.5}
    return {"type": "line", "x0": step, "x1": step, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _edit_lines(edits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Draw one line per edit, from bottom to top, that says all on hover."""
    said = [
        "<br>".join(_said(name, *each) for name, each in edit["changes"].items()) for edit in edits
    ]
    return {
        "type": "scatter",
        "x": [x for edit in edits for x in (edit["step"], edit["step"], None)],
        "y": [0, 1, None] * len(edits),
        "yaxis": "y2",
        "name": t("changed"),
        "mode": "lines",
        "line": {"color": FAINT, "width": 1},
        "hovertext": [text for text in said for _ in range(3)],
        "hovertemplate": "%{hovertext}",
        "showlegend": False,
    }


def _edit_labels(edits: Sequence[Mapping[str, Any]], last: float) -> list[dict[str, Any]]:
    """Name the edits there is room for, the latest first: it is the one just made."""
    labels: list[dict[str, Any]] = []
    room = 1.0
    for edit in sorted(edits, key=lambda edit: float(edit["step"]), reverse=True):
        name, (_, after) = next(iter(edit["changes"].items()))
        more = f" +{len(edit['changes']) - 1}" if len(edit["changes"]) > 1 else ""
        text = t("{knob} {after}", knob=name, after=after) + more
        place, width = edit["step"] / last, len(text) * LETTER
        is_right, is_left = place + width <= room, not labels and place >= width
        if is_right or is_left:
            room = place if is_right else place - width
            labels.append(note_above(text, at=edit["step"], anchor="left" if is_right else "right"))
    return labels


def _said(name: str, before: str, after: str) -> str:
    return t("{knob}: {before} → {after}", knob=name, before=before, after=after)


def _stages(history: Sequence[Mapping[str, Any]], last: float) -> list[dict[str, Any]]:
    """Shade each span in which a layer is trained alone, and name it where there is room."""
    shapes = []
    for stage, rows in groupby(history, key=lambda row: row.get("stage") or 0):
        steps = [row["step"] for row in rows]
        name = t("layer {number}", number=stage)
        has_room = steps[-1] - steps[0] > len(name) * LETTER * last
        shape = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "x0": steps[0], "x1": steps[-1]}
        label = {"text": name if has_room else "", "textposition": "bottom center"}
        if stage:
            shapes.append(
                {
                    **shape,
                    "layer": "below",
                    "fillcolor": SHADE,
                    "line": {"width": 0},
                    "label": label,
                }
            )
    return shapes
