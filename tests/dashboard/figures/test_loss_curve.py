import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures import loss_curve
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import compact
from tests.dashboard.figures.support import history, line


def test_short_history_is_drawn_without_decimation() -> None:
    trace = line(go.Figure(loss(history(5))), "train")
    assert trace.x.tolist() == [0, 1, 2, 3, 4]
    assert trace.y == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_long_history_keeps_its_ends_and_extremes() -> None:
    values = np.random.default_rng(0).random(20_000) + 1
    values[7_777], values[12_345] = 0.01, 50
    rows = [{"step": k, "train": float(v)} for k, v in enumerate(values)]
    trace = line(go.Figure(loss(rows)), "train")
    assert 500 < len(trace.x) <= 2_100
    assert {0, 7_777, 12_345, 19_999} <= set(trace.x.tolist())
    assert np.all(np.diff(trace.x) > 0)


def test_decimation_handles_series_without_values() -> None:
    empty = np.full(5_000, np.nan)
    rows = loss_curve.decimate((empty, empty))
    assert rows[0] == 0
    assert rows[-1] == 4_999


@pytest.mark.parametrize("bad", [None, 0, -1, float("nan"), float("inf")])
def test_values_a_logarithmic_axis_cannot_show_are_skipped(bad: float | None) -> None:
    rows: list[dict[str, Any]] = [
        {"step": 0, "train": 1.0},
        {"step": 1, "train": bad},
        {"step": 2, "train": 0.5},
    ]
    assert line(go.Figure(loss(rows)), "train").x.tolist() == [0, 2]


def test_empty_history_gives_a_figure() -> None:
    assert json.loads(compact(loss([])))["layout"]["yaxis"]["type"] == "log"


def test_pca_error_is_drawn_as_a_step_function_of_its_changes() -> None:
    rows = history(50) + [{**row, "step": row["step"] + 50, "pca": 0.02} for row in history(50)]
    trace = line(go.Figure(loss(rows)), "PCA")
    assert trace.x.tolist() == [0, 50, 99]
    assert trace.y == pytest.approx([0.04, 0.02, 0.02])
    assert trace.line.shape == "hv"


@pytest.mark.parametrize("exact", [0.0, 3e-32, 1.2e-6])
def test_line_of_pca_has_a_gap_where_pca_is_exact(exact: float) -> None:
    rows = history(150)
    for row in rows[50:100]:
        row["pca"] = exact
    figure = go.Figure(loss(rows))
    trace = line(figure, "PCA")
    shown = np.isfinite(trace.y)
    assert trace.x[shown].tolist() == [0, 49, 100, 149]
    assert trace.x[~shown].tolist() == [50]
    # The axis spans the errors drawn, not those of rounding.
    assert figure.layout.yaxis.dtick == "D2"


def test_pca_that_is_exact_throughout_has_no_line() -> None:
    names = [trace.name for trace in go.Figure(loss(history(50, pca=1e-32))).data]
    assert names == ["train", "validation"]


def test_errors_on_noisy_images_have_a_line_of_their_own() -> None:
    noisy = [{**row, "step": row["step"] + 50} for row in history(50, pca=0.02, noise=0.3)]
    figure = go.Figure(loss([*history(50), *noisy]))
    for name, first, last in (("PCA", 0, 49), ("PCA (denoising)", 50, 99)):
        trace = line(figure, name)
        shown = np.isfinite(trace.y)
        assert trace.x[shown].tolist() == [first, last]
    assert [trace.name for trace in go.Figure(loss(noisy)).data][2:] == ["PCA (denoising)"]


def test_every_edit_is_drawn_and_listed_in_full_on_hover() -> None:
    edits = [
        {"step": 5 * k, "changes": {"Noise": ["0", "0.3"], "Tied": ["off", "on"]}}
        for k in range(40)
    ]
    figure = go.Figure(loss(history(200), edits))
    trace = line(figure, "changed")
    assert trace.x[::3] == tuple(edit["step"] for edit in edits)
    assert trace.hovertext[0] == "Noise: 0 → 0.3<br>Tied: off → on"


def test_edit_labels_do_not_overlap_and_prefer_the_newest() -> None:
    edits = [{"step": 5 * k, "changes": {"Noise": ["0", f"{k / 40:g}"]}} for k in range(40)]
    labels = go.Figure(loss(history(200), edits)).layout.annotations
    assert labels[0].text == "Noise 0.975"
    assert 2 <= len(labels) <= 6
    gaps = np.diff(sorted(label.x for label in labels))
    assert gaps.min() >= 200 * 7 * loss_curve.LETTER


def test_label_of_an_edit_at_the_last_step_is_inside_the_figure() -> None:
    edits = [
        {"step": 199, "changes": {"Learning rate": ["0.001", "0.0005"], "Noise": ["0", "0.1"]}}
    ]
    (label,) = go.Figure(loss(history(200), edits)).layout.annotations
    assert (label.text, label.xanchor) == ("Learning rate 0.0005 +1", "right")


def test_pretraining_is_shaded_layer_by_layer() -> None:
    rows = [
        {"step": k, "train": 1.0, "stage": stage}
        for k, stage in enumerate([1] * 40 + [2] * 40 + [0] * 20)
    ]
    spans = go.Figure(loss(rows)).layout.shapes
    assert [(span.x0, span.x1, span.label.text) for span in spans] == [
        (0, 39, "layer 1"),
        (40, 79, "layer 2"),
    ]
