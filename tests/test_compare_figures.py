import numpy as np

from dashboard.compare_figures import linked_map

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
