import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures.latent_map import latent_map
from dashboard.figures.theme import NEUTRAL, PALETTE, compact
from tests.dashboard.figures.support import line

DIGITS = tuple("0123456789")


def test_map_has_one_trace_and_colour_per_class() -> None:
    labels = np.arange(40) % 10
    points = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    figure = go.Figure(latent_map(points, labels, DIGITS))
    traces = [line(figure, name) for name in DIGITS]
    assert [trace.marker.color for trace in traces] == list(PALETTE)
    assert [len(trace.x) for trace in traces] == [4] * 10
    np.testing.assert_array_equal(traces[3].x, points[labels == 3, 0])


def test_more_than_ten_classes_differ_by_symbol() -> None:
    figure = go.Figure(
        latent_map(np.zeros((26, 2), np.float32), np.arange(26), [*"abcdefghijklmnopqrstuvwxyz"])
    )
    styles = {
        (trace.marker.color, trace.marker.symbol)
        for trace in figure.data
        if trace.name in "abcdefghijklmnopqrstuvwxyz"
    }
    assert len(styles) == 26


@pytest.mark.parametrize("labels", [None, [-1, -1], [7, 7]])
def test_points_without_a_class_are_neutral(labels: list[int] | None) -> None:
    figure = go.Figure(latent_map(np.ones((2, 2), np.float32), labels, ["a", "b"]))
    (cloud,) = [trace for trace in figure.data if len(trace.x)]
    assert cloud.marker.color == NEUTRAL
    assert not figure.layout.showlegend


@pytest.mark.parametrize(
    ("extent", "view"),
    [(3, [(-3, 3), (-3, 3)]), ((0.0, 1.0, -2.0, 2.0), [(0, 1), (-2, 2)])],
)
def test_extent_fixes_the_view(extent: Any, view: list[tuple[float, float]]) -> None:
    layout = go.Figure(latent_map(np.full((3, 2), 9, np.float32), None, (), extent=extent)).layout
    assert [layout.xaxis.range, layout.yaxis.range] == view


def test_without_an_extent_all_finite_points_are_in_view() -> None:
    points = np.array([[0, 0], [2, 4], [np.nan, 100]], np.float32)
    left, right = go.Figure(latent_map(points, None, ())).layout.xaxis.range
    assert left < 0 < 2 < right < 3


def test_map_without_points_has_a_default_view() -> None:
    layout = go.Figure(latent_map(np.empty((0, 2), np.float32), None, ())).layout
    assert layout.xaxis.range == (-1, 1)


def test_two_thousand_points_are_encoded_compactly_as_valid_json() -> None:
    points = np.random.default_rng(0).normal(size=(2000, 2)).astype(np.float32)
    text = compact(latent_map(points, np.arange(2000) % 10, DIGITS))
    assert len(text) < 30_000
    assert json.loads(text)["data"][1]["x"]["dtype"] == "f4"
