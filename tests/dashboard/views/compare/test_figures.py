import numpy as np

from dashboard.views.compare.figures import cells, linked_map

POINTS = np.arange(10, dtype=np.float32).reshape(5, 2)
LABELS = np.array([1, -1, 0, 1, 0])


def test_points_of_a_linked_map_know_their_numbers_and_those_selected_are_marked() -> None:
    clouds = linked_map(POINTS, LABELS, ["a", "b"], [0, 2]).data
    assert [list(cloud.customdata) for cloud in clouds] == [[1], [2, 4], [0, 3]]
    assert [list(cloud.selectedpoints) for cloud in clouds] == [[], [0], [0]]


def test_nothing_selected_leaves_all_as_they_are() -> None:
    drawing = linked_map(POINTS, LABELS, ["a", "b"], [])
    assert all(cloud.selectedpoints is None for cloud in drawing.data)
    assert drawing.layout.selectionrevision == ""


def test_cells_stand_in_order_with_a_map_for_each_value_of_the_third_knob() -> None:
    places = [("8", "0.3", "0"), ("2", "0", "0"), ("2", "0.3", "1"), ("16", "0", "1")]
    drawing = cells(places, [1.0, 2.0, 3.0, 4.0], ["a", "b", "c", "d"], ("d", "noise", "sparsity"))
    first, second = drawing.data
    assert list(first.x) == ["2", "8", "16"]
    assert list(first.y) == ["0", "0.3"]
    assert [list(row) for row in first.z] == [[2.0, None, None], [None, 1.0, None]]
    assert [list(row) for row in second.customdata] == [["", "", "d"], ["c", "", ""]]
    assert [head.text for head in drawing.layout.annotations] == ["sparsity 0", "sparsity 1"]


def test_a_knob_alone_is_a_single_row() -> None:
    drawing = cells([("2", "", ""), ("4", "", "")], [1.0, 2.0], ["a", "b"], ("d", "", ""))
    (only,) = drawing.data
    assert [list(row) for row in only.z] == [[1.0, 2.0]]
    assert not drawing.layout.annotations
