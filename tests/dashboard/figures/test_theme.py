"""What all figures share."""

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
def test_ticks_suit_the_decades(values: list[float], ticks: dict[str, object]) -> None:
    assert log_ticks(np.array(values, float)) == ticks


def test_logarithmic_axes_use_them() -> None:
    changes = change_per_pass([0.01, 0.008])
    against = against_bottleneck({"a": ([2, 8], [0.05, 0.02])}, ([2], [0.06]))
    for drawing in (changes, against):
        assert drawing.layout.yaxis.nticks == 5
        assert drawing.layout.yaxis.tickformat == ".3~g"


def test_growth_is_a_line_for_each_method_and_size() -> None:
    lines = [
        ("full", "28 × 28", (1000, 3000), (1.0, 4.0)),
        ("full", "56 × 56", (1000,), (9.0,)),
        ("autoencoder", "28 × 28", (1000,), (2.0,)),
    ]
    names = {"full": "Full PCA", "autoencoder": "Autoencoder"}
    drawing = growth(lines, names, "seconds")
    assert [line.name for line in drawing.data] == [
        "Full PCA, 28 × 28",
        "Full PCA, 56 × 56",
        "Autoencoder, 28 × 28",
    ]
    first, second, _ = drawing.data
    assert first.line.color == second.line.color
    assert first.line.dash != second.line.dash
    assert drawing.layout.xaxis.type == drawing.layout.yaxis.type == "log"
    assert list(drawing.layout.xaxis.ticktext) == ["1,000", "3,000"]
    assert growth(lines[:1], names, "s").data[0].name == "Full PCA"
