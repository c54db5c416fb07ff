import numpy as np

from dashboard.views.compare.figures import cells, linked_map

POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)
LABELS = np.array([1, -1, 0, 1, 0])


def test_linked_map_stores_indices_and_highlights_the_selection() -> None:
    clouds = linked_map(POINTS, LABELS, ["a", "b"], [0, 2]).data
    assert [list(cloud.customdata) for cloud in clouds] == [[1], [2, 4], [0, 3]]
    assert [list(cloud.selectedpoints) for cloud in clouds] == [[], [0], [0]]


def test_empty_selection_highlights_nothing() -> None:
    figure = linked_map(POINTS, LABELS, ["a", "b"], [])
    assert all(cloud.selectedpoints is None for cloud in figure.data)
    assert figure.layout.selectionrevision == ""


def test_cells_are_sorted_with_a_heat_map_per_third_knob_value() -> None:
    places = [("8", "0.3", "0"), ("2", "0", "0"), ("2", "0.3", "1"), ("16", "0", "1")]
    figure = cells(places, [1.0, 2.0, 3.0, 4.0], ["a", "b", "c", "d"], ("d", "noise", "sparsity"))
    first, second = figure.data
    assert list(first.x) == ["2", "8", "16"]
    assert list(first.y) == ["0", "0.3"]
    assert [list(row) for row in first.z] == [[2.0, None, None], [None, 1.0, None]]
    assert [list(row) for row in second.customdata] == [["", "", "d"], ["c", "", ""]]
    assert [head.text for head in figure.layout.annotations] == ["sparsity 0", "sparsity 1"]


def test_single_knob_gives_a_heat_map_of_one_row() -> None:
    figure = cells([("2", "", ""), ("4", "", "")], [1.0, 2.0], ["a", "b"], ("d", "", ""))
    (only,) = figure.data
    assert [list(row) for row in only.z] == [[1.0, 2.0]]
    assert not figure.layout.annotations
