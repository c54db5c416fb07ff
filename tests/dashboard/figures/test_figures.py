import json
from io import BytesIO
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from dashboard.figures import images as image_figures
from dashboard.figures import loss_curve
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import NEUTRAL, PALETTE, compact

DIGITS = tuple("0123456789")


def history(rows: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {
            "step": k,
            "epoch": k / 10,
            "train": 1 / (k + 1),
            "held_out": 2 / (k + 1),
            "pca": 0.04,
            **more,
        }
        for k in range(rows)
    ]


def line(figure: go.Figure, name: str) -> Any:
    return next(trace for trace in figure.data if trace.name == name)


def words(figure: go.Figure) -> set[str]:
    found: set[str] = set()

    def walk(value: Any, key: str = "") -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                walk(each, name)
        elif isinstance(value, list | tuple):
            for each in value:
                walk(each, key)
        elif key in {"text", "name", "hovertext", "hovertemplate"} and isinstance(value, str):
            found.add(value)

    walk(figure.to_dict())
    return found


def test_a_short_history_is_drawn_as_it_is() -> None:
    drawn = line(loss(history(5)), "train")
    assert drawn.x.tolist() == [0, 1, 2, 3, 4]
    assert drawn.y == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_a_long_history_keeps_its_ends_lows_and_highs() -> None:
    values = np.random.default_rng(0).random(20_000) + 1
    values[7_777], values[12_345] = 0.01, 50
    rows = [{"step": k, "train": float(v)} for k, v in enumerate(values)]
    drawn = line(loss(rows), "train")
    assert 500 < len(drawn.x) <= 2_100
    assert {0, 7_777, 12_345, 19_999} <= set(drawn.x.tolist())
    assert np.all(np.diff(drawn.x) > 0)


def test_decimation_copes_with_series_that_have_no_values() -> None:
    nothing = np.full(5_000, np.nan)
    rows = loss_curve.decimate((nothing, nothing))
    assert rows[0] == 0
    assert rows[-1] == 4_999


@pytest.mark.parametrize("bad", [None, 0, -1, float("nan"), float("inf")])
def test_values_a_logarithm_cannot_show_are_passed_over(bad: float | None) -> None:
    rows: list[dict[str, Any]] = [
        {"step": 0, "train": 1.0},
        {"step": 1, "train": bad},
        {"step": 2, "train": 0.5},
    ]
    assert line(loss(rows), "train").x.tolist() == [0, 2]


def test_nothing_yet_is_a_figure_too() -> None:
    assert json.loads(compact(loss([])))["layout"]["yaxis"]["type"] == "log"


def test_pca_is_a_step_function_of_its_turning_points() -> None:
    rows = history(50) + [{**row, "step": row["step"] + 50, "pca": 0.02} for row in history(50)]
    drawn = line(loss(rows), "PCA")
    assert drawn.x.tolist() == [0, 50, 99]
    assert drawn.y == pytest.approx([0.04, 0.02, 0.02])
    assert drawn.line.shape == "hv"


def test_every_edit_is_drawn_and_said_in_full_on_hover() -> None:
    edits = [
        {"step": 5 * k, "changes": {"noise": [0.0, 0.3], "tied": [False, True]}} for k in range(40)
    ]
    figure = loss(history(200), edits)
    drawn = line(figure, "changed")
    assert drawn.x[::3] == tuple(edit["step"] for edit in edits)
    assert drawn.hovertext[0] == "Noise: 0 → 0.3<br>Tied: off → on"


def test_edit_labels_stand_only_where_there_is_room_the_newest_first() -> None:
    edits = [{"step": 5 * k, "changes": {"noise": [0.0, k / 40]}} for k in range(40)]
    labels = loss(history(200), edits).layout.annotations
    assert labels[0].text == "Noise 0.975"
    assert 2 <= len(labels) <= 6
    gaps = np.diff(sorted(label.x for label in labels))
    assert gaps.min() >= 200 * 7 * loss_curve.LETTER


def test_an_edit_of_this_very_step_is_labelled_inside_the_figure() -> None:
    edits = [{"step": 199, "changes": {"learning_rate": [1e-3, 5e-4], "noise": [0.0, 0.1]}}]
    (label,) = loss(history(200), edits).layout.annotations
    assert (label.text, label.xanchor) == ("Learning rate 0.0005 +1", "right")


def test_pretraining_is_shaded_layer_by_layer() -> None:
    rows = [
        {"step": k, "train": 1.0, "stage": stage}
        for k, stage in enumerate([1] * 40 + [2] * 40 + [0] * 20)
    ]
    spans = loss(rows).layout.shapes
    assert [(span.x0, span.x1, span.label.text) for span in spans] == [
        (0, 39, "layer 1"),
        (40, 79, "layer 2"),
    ]


def test_the_map_has_one_trace_and_colour_per_class() -> None:
    labels = np.arange(40) % 10
    points = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    figure = latent_map(points, labels, DIGITS, axes=("code 1", "code 2"))
    drawn = [line(figure, name) for name in DIGITS]
    assert [trace.marker.color for trace in drawn] == list(PALETTE)
    assert [len(trace.x) for trace in drawn] == [4] * 10
    np.testing.assert_array_equal(drawn[3].x, points[labels == 3, 0])


def test_more_than_ten_classes_differ_by_symbol() -> None:
    figure = latent_map(
        np.zeros((26, 2), np.float32), np.arange(26), [*"abcdefghijklmnopqrstuvwxyz"]
    )
    looks = {
        (trace.marker.color, trace.marker.symbol)
        for trace in figure.data
        if trace.name in "abcdefghijklmnopqrstuvwxyz"
    }
    assert len(looks) == 26


@pytest.mark.parametrize("labels", [None, [-1, -1], [7, 7]])
def test_points_without_a_class_are_neutral(labels: list[int] | None) -> None:
    figure = latent_map(np.ones((2, 2), np.float32), labels, ["a", "b"])
    (cloud,) = [trace for trace in figure.data if len(trace.x)]
    assert cloud.marker.color == NEUTRAL
    assert not figure.layout.showlegend


@pytest.mark.parametrize(
    ("extent", "view"),
    [(3, [(-3, 3), (-3, 3)]), ((0.0, 1.0, -2.0, 2.0), [(0, 1), (-2, 2)])],
)
def test_the_caller_may_hold_the_view(extent: Any, view: list[tuple[float, float]]) -> None:
    layout = latent_map(np.full((3, 2), 9, np.float32), None, (), extent=extent).layout
    assert [layout.xaxis.range, layout.yaxis.range] == view


def test_without_an_extent_all_finite_points_are_in_view() -> None:
    points = np.array([[0, 0], [2, 4], [np.nan, 100]], np.float32)
    left, right = latent_map(points, None, ()).layout.xaxis.range
    assert left < 0 < 2 < right < 3


def test_a_map_without_points_has_a_view() -> None:
    layout = latent_map(np.empty((0, 2), np.float32), None, ()).layout
    assert layout.xaxis.range == (-1, 1)


@pytest.mark.parametrize("units", [1, 2, 128, 129, 1024])
def test_activity_shows_every_unit_in_its_order(units: int) -> None:
    mean = np.random.default_rng(0).random(units)
    drawn = code_activity(mean, np.ones(units), np.zeros(units, bool)).data[0]
    assert drawn.y == pytest.approx(mean)
    assert drawn.x.tolist() == list(range(units))


def test_dead_units_are_marked_and_counted() -> None:
    figure = code_activity([1, 0, 2, 0], [1, 0, 0.5, 0], [False, True, False, True])
    assert figure.data[1].x.tolist() == [1, 3]
    assert figure.layout.annotations[0].text == "1.5 of 4 units active per image · 2 dead"


def test_activity_copes_with_nan() -> None:
    figure = code_activity([np.nan, 1], [np.nan, 1], [False, False])
    assert figure.data[0].y.tolist() == [0, 1]
    assert "NaN" not in compact(figure)


def test_a_mosaic_of_one_image_is_that_image() -> None:
    image = np.array([[0, 0.5], [1, 2]], np.float32)
    sheet = image_figures.mosaic([image[None]], error_last=False)
    assert sheet[..., 0].tolist() == [[0, 128], [255, 255]]
    assert (sheet[..., 3] == 255).all()


def test_gaps_of_a_mosaic_are_transparent() -> None:
    sheet = image_figures.mosaic([np.ones((3, 4, 5), np.float32)] * 2)
    assert sheet.shape == (2 * 4 + 2, 3 * 5 + 4, 4)
    assert not sheet[4:6].any()
    assert not sheet[:, 5:7].any()
    assert (sheet[:4, 7:12, :3] == 255).all()


def test_errors_are_coloured_from_dark_to_light() -> None:
    errors = np.linspace(0, 1, 5, dtype=np.float32)[None, None]
    brightness = image_figures.mosaic([errors])[0, :, :3].sum(axis=1).astype(int)
    assert np.all(np.diff(brightness) > 0)


def test_signed_errors_are_black_where_there_is_none() -> None:
    errors = np.array([[[-0.25, 0, 0.25]]], np.float32)
    less, none, more = image_figures.mosaic([errors], signed_last=True)[0, :, :3].astype(int)
    assert none.sum() < 10
    assert less[2] > less[0]
    assert more[0] > more[2]


def test_a_mosaic_copes_with_nan_and_the_picture_survives_as_png() -> None:
    sheet = image_figures.mosaic([np.full((2, 3, 3), np.nan, np.float32)])
    with Image.open(BytesIO(image_figures.png(sheet))) as image:
        assert (np.asarray(image) == sheet).all()


def test_two_thousand_points_are_small_and_their_json_is_plain() -> None:
    points = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)
    text = compact(latent_map(points, np.arange(2000) % 10, DIGITS))
    assert len(text) < 30_000
    assert json.loads(text)["data"][1]["x"]["dtype"] == "f4"


def test_no_figure_says_a_colour_of_text_or_ground() -> None:
    for figure in everything():
        assert "font" not in compact(figure).replace("fontsize", "")
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"


def test_every_word_passes_through_t(monkeypatch: pytest.MonkeyPatch) -> None:
    def pseudo(text: str, /, **values: object) -> str:
        return f"«{text.format(**values) if values else text}»" if text else text

    for name in ("latent_map", "code_activity"):
        monkeypatch.setattr(f"dashboard.figures.{name}.t", pseudo)
    monkeypatch.setattr(loss_curve, "t", pseudo)
    said = set.union(*(words(figure) for figure in everything()))
    assert {text for text in said if "«" not in text} <= {
        "",
        "%{y:.4~g}",
        "%{hovertext}",
        "%{fullData.name}<extra></extra>",
        "a",
    }


def everything() -> list[go.Figure]:
    edits = [
        {
            "step": 5,
            "changes": {"noise_kind": ["gaussian", "salt_and_pepper"], "tied": [False, True]},
        }
    ]
    return [
        loss(history(50, stage=1), edits),
        latent_map(np.zeros((3, 2), np.float32), [0, 0, -1], ["a"], axes=("code 1", "code 2")),
        code_activity(np.ones(3), np.ones(3), [True, False, False]),
    ]
