import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures.code_activity import code_activity
from dashboard.figures.theme import compact


@pytest.mark.parametrize("units", [1, 2, 128, 129, 1024])
def test_activity_shows_every_unit_in_order(units: int) -> None:
    mean = np.random.default_rng(0).random(units)
    trace = go.Figure(code_activity(mean, np.ones(units), np.zeros(units, bool))).data[0]
    assert trace.y == pytest.approx(mean)
    assert trace.x.tolist() == list(range(units))


def test_dead_units_are_marked_and_counted() -> None:
    figure = go.Figure(code_activity([1, 0, 2, 0], [1, 0, 0.5, 0], [False, True, False, True]))
    assert figure.data[1].x.tolist() == [1, 3]
    assert figure.layout.annotations[0].text == "1.5 of 4 units active per image · 2 dead"


def test_nan_activity_is_drawn_as_zero() -> None:
    figure = go.Figure(code_activity([np.nan, 1], [np.nan, 1], [False, False]))
    assert figure.data[0].y.tolist() == [0, 1]
    assert "NaN" not in compact(figure)
