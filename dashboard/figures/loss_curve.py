"""The loss curve: training, validation and PCA error by step, with changes of settings."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.i18n import t
from aecore.metrics.pca import ROUNDING_ERROR
from dashboard.figures.theme import (
    FAINT,
    HELD_OUT,
    NEUTRAL,
    SHADE,
    TRAIN,
    Spec,
    build_spec,
    legend_above,
    log_ticks,
    note_above,
    title,
)

MOST_ROWS = 2000

# Width of a letter as a share of the axis, for a plot about 320 pixels wide.
LETTER = 1 / 55


def loss(
    history: Sequence[Mapping[str, Any]],
    edits: Sequence[Mapping[str, Any]] = (),
    *,
    at: int | None = None,
) -> Spec:
    """Draw training, validation and PCA error by step, and mark each change of settings.

    Parameters
    ----------
    history : sequence of dict
        Rows with `step`, `train`, `held_out` and `pca`, and `stage` (1, 2, ...) while layers are
        pretrained; `noise` is the level of noise they were measured with, if any. Values that are
        missing, None or not positive are skipped, as are those of PCA where it is exact.
    edits : sequence of dict
        Each has a `step` and its `changes`, from the label of a setting to its value before and
        after, as texts in the user's language.
    at : int, optional
        Step at which to draw a vertical line.

    Returns
    -------
    Spec
        The plain form of a Plotly figure.
    """
    steps = np.array([row["step"] for row in history], np.int32)
    train, held_out, pca = (_column(history, key) for key in ("train", "held_out", "pca"))
    pca[pca < ROUNDING_ERROR] = np.nan
    rows = decimate((train, held_out))
    last = max([1, *steps[-1:].tolist(), *(edit["step"] for edit in edits)])
    return build_spec(
        [
            _line(steps, train, rows, t("train"), {"color": TRAIN, "width": 1.2}),
            _line(steps, held_out, rows, t("validation"), {"color": HELD_OUT, "width": 2.5}),
            *_pca_lines(history, steps, pca),
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
    """Choose rows that preserve the shape of lines: both ends, and extremes of each interval.

    Parameters
    ----------
    series : sequence of ndarray, each of shape (n,)
        Lines over the same rows; NaN where one has no value.
    most : int
        Approximate maximum number of rows.

    Returns
    -------
    ndarray of int
        Row indices, ascending.
    """
    rows = len(series[0])
    if rows <= most:
        return np.arange(rows)
    size = math.ceil(rows * 2 * len(series) / most)
    start = np.arange(0, rows, size)
    padded = np.full((len(series), len(start) * size), np.nan)
    padded[:, :rows] = series
    intervals = padded.reshape(len(series), len(start), size)
    missing = np.isnan(intervals)
    lows = start + np.where(missing, np.inf, intervals).argmin(axis=2)
    highs = start + np.where(missing, -np.inf, intervals).argmax(axis=2)
    return np.unique(np.concatenate([[0, rows - 1], lows.ravel(), highs.ravel()]))


def _column(history: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    """Return a column of the history, NaN where a logarithmic axis cannot show the value."""
    values = np.array([row.get(key) for row in history], np.float64)
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _pca_lines(
    history: Sequence[Mapping[str, Any]], steps: NDArray[np.int32], pca: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """Draw the error of PCA on clean images and on noisy ones, each with gaps where it is unknown.

    Both are step functions: they change only where the bottleneck or the noise does.
    """
    dashed = {"color": NEUTRAL, "width": 1.5, "dash": "dash", "shape": "hv"}
    noisy = np.array([bool(row.get("noise")) for row in history], np.bool_)
    lines = []
    for name, is_shown in ((t("PCA"), ~noisy), (t("PCA (denoising)"), noisy)):
        values = np.where(is_shown, pca, np.nan)
        if np.isfinite(values).any():
            rows = _change_rows(values)
            lines.append(_trace(steps[rows], values[rows], name, dashed))
    return lines


def _change_rows(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the rows at which a step function changes, begins or ends."""
    known = np.isfinite(values)
    changes = np.diff(np.where(known, values, 0), prepend=np.nan) != 0
    ends = known & ~np.append(known[1:], False)
    return np.flatnonzero(changes | ends)


def _line(
    steps: NDArray[np.int32],
    values: NDArray[np.float64],
    rows: NDArray[np.intp],
    name: str,
    line: Mapping[str, Any],
) -> dict[str, Any]:
    known = rows[np.isfinite(values[rows])]
    return _trace(steps[known], values[known], name, line)


def _trace(
    steps: NDArray[np.int32], values: NDArray[np.float64], name: str, line: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": steps,
        "y": values.astype(np.float32),
        "name": name,
        "line": line,
        "mode": "lines",
        "hovertemplate": "%{y:.4~g}",
    }


def _pointer(step: int) -> dict[str, Any]:
    line = {"color": HELD_OUT, "width": 1.5}
    return {"type": "line", "x0": step, "x1": step, "y0": 0, "y1": 1, "yref": "paper", "line": line}


def _edit_lines(edits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Draw a vertical line per edit that lists all its changes on hover."""
    texts = [
        "<br>".join(_change_text(name, *each) for name, each in edit["changes"].items())
        for edit in edits
    ]
    return {
        "type": "scatter",
        "x": [x for edit in edits for x in (edit["step"], edit["step"], None)],
        "y": [0, 1, None] * len(edits),
        "yaxis": "y2",
        "name": t("changed"),
        "mode": "lines",
        "line": {"color": FAINT, "width": 1},
        "hovertext": [text for text in texts for _ in range(3)],
        "hovertemplate": "%{hovertext}",
        "showlegend": False,
    }


def _edit_labels(edits: Sequence[Mapping[str, Any]], last: float) -> list[dict[str, Any]]:
    """Label the edits there is room for, the latest first, as it matters most."""
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


def _change_text(name: str, before: str, after: str) -> str:
    return t("{knob}: {before} → {after}", knob=name, before=before, after=after)


def _stages(history: Sequence[Mapping[str, Any]], last: float) -> list[dict[str, Any]]:
    """Shade the steps that pretrain each layer, with a label where there is room."""
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
