from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.views.guide import figures

STACKED = [(28, 28), (512,), (128,), (8,), (128,), (512,), (28, 28)]
KINDS = ["", "GELU", "GELU", "linear", "GELU", "GELU", "sigmoid"]


def network_figure(shapes: list[tuple[int, ...]] = STACKED, **more: Any) -> go.Figure:
    kinds = KINDS if len(shapes) == len(KINDS) else [""] * len(shapes)
    return figures.network(shapes, kinds, **more)


def notes(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def heights(figure: go.Figure) -> list[float]:
    return [bar.y1 - bar.y0 for bar in figure.layout.shapes if bar.type == "rect"]


def arcs(figure: go.Figure) -> int:
    return sum(1 for shape in figure.layout.shapes if shape.line.dash == "dot")


def test_every_layer_has_a_bar_labelled_with_its_units() -> None:
    figure = network_figure()
    assert len(heights(figure)) == len(STACKED)
    assert notes(figure)[:7] == ["28 × 28", "512", "128", "8", "128", "512", "28 × 28"]
    assert figure.data[0].text[:2] == ("784 units", "512 units · GELU")


def test_bar_heights_are_logarithmic_and_symmetric() -> None:
    bars = heights(network_figure())
    assert bars == pytest.approx(bars[::-1])
    assert bars[0] == pytest.approx(1)
    assert bars[3] == pytest.approx(np.log2(9) / np.log2(785))
    assert heights(network_figure([(28, 28), (1,), (28, 28)]))[1] > 0.1
    assert max(heights(network_figure([(8, 8), (1024,), (8, 8)]))) == pytest.approx(1)


def test_parts_are_labelled_with_their_nonlinearities() -> None:
    assert notes(network_figure())[7:] == [
        "<b>image</b>",
        "<b>encoder</b><br>GELU",
        "<b>code</b><br>linear",
        "<b>decoder</b><br>GELU",
        "<b>reconstruction</b><br>sigmoid",
    ]


def test_only_enabled_features_are_drawn_and_labelled() -> None:
    plain = network_figure()
    assert arcs(plain) == 0
    assert len(plain.data) == 1
    assert not any("<i>" in text or "linear path" in text for text in notes(plain))
    full = network_figure(linear_path=True, tied=True, noise="noise 0.3", sparsity="L1 sparsity 1")
    assert arcs(full) == 2
    assert len(full.data) == 2
    for part, label in (
        ("image", "noise 0.3"),
        ("code", "L1 sparsity 1"),
        ("decoder", "the encoder’s weights"),
    ):
        assert any(f"<b>{part}</b>" in text and label in text for text in notes(full))
    assert "linear path" in notes(full)


def test_convolutions_are_labelled_with_channels_and_size() -> None:
    figure = network_figure([(28, 28), (16, 14, 14), (4,), (16, 14, 14), (28, 28)])
    assert notes(figure)[1] == "16 ×<br>14 × 14"
    assert heights(figure)[1] == pytest.approx(1)


def test_labels_of_many_layers_are_rotated() -> None:
    shapes = [(28, 28), *[(64,)] * 8, (8,), *[(64,)] * 8, (28, 28)]
    labels = network_figure(shapes).layout.annotations[: len(shapes)]
    assert [note.textangle for note in labels] == [None, *[-90] * 17, None]


@pytest.mark.parametrize(("units", "kind"), [(1, "bar"), (32, "bar"), (1024, "scatter")])
def test_code_figure_shows_every_unit(units: int, kind: str) -> None:
    values = np.linspace(-1, 1, units, dtype=np.float32)
    figure = figures.code(values, 2.0)
    assert figure.data[0].type == kind
    assert figure.data[0].y == pytest.approx(values)
    assert figure.layout.yaxis.range == (-2, 2)
