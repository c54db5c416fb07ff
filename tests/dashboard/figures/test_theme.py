"""Axes and lines that figures have in common."""

import numpy as np
import pytest

from dashboard.figures.bottleneck_curve import against_bottleneck
from dashboard.figures.theme import log_ticks
from dashboard.views.iterate.figures import change_per_pass
from dashboard.views.reduce.figures import growth


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.006, 0.01], {"nticks": 5}),
        ([0.006, 0.06], {"dtick": "D2"}),
        ([1e-5, 1.0], {"dtick": 1}),
        ([], {"dtick": "D2"}),
        ([np.nan, 0.0, -1.0], {"dtick": "D2"}),
    ],
)
def test_log_ticks_depend_on_the_number_of_decades(
    values: list[float], ticks: dict[str, object]
) -> None:
    assert log_ticks(np.array(values, float)) == ticks


def test_logarithmic_axes_use_log_ticks() -> None:
    changes = change_per_pass([0.01, 0.008])
    against = against_bottleneck({"a": ([2, 8], [0.05, 0.02])}, {"PCA": ([2], [0.06])}, "error")
    for figure in (changes, against):
        assert figure.layout.yaxis.nticks == 5
        assert figure.layout.yaxis.tickformat == ".3~g"


def test_growth_figure_has_a_line_per_method_and_size() -> None:
    lines = [
        ("full", "28 × 28", (1000, 3000), (1.0, 4.0)),
        ("full", "56 × 56", (1000,), (9.0,)),
        ("autoencoder", "28 × 28", (1000,), (2.0,)),
    ]
    names = {"full": "Full PCA", "autoencoder": "Autoencoder"}
    figure = growth(lines, names, "seconds")
    assert [line.name for line in figure.data] == [
        "Full PCA, 28 × 28",
        "Full PCA, 56 × 56",
        "Autoencoder, 28 × 28",
    ]
    first, second, _ = figure.data
    assert first.line.color == second.line.color
    assert first.line.dash != second.line.dash
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"
    assert list(figure.layout.xaxis.ticktext) == ["1,000", "3,000"]
    assert growth(lines[:1], names, "s").data[0].name == "Full PCA"
