from typing import Any

from dashboard.widgets.edit_texts import edit_texts


def test_settings_are_shown_with_their_labels_and_formatted_values() -> None:
    changes: dict[str, list[Any]] = {
        "learning_rate": [1e-3, 5e-4],
        "bottleneck": [8, 16],
        "tied": [False, True],
        "noise_kind": ["gaussian", "salt_and_pepper"],
    }
    assert edit_texts([{"step": 5, "changes": changes}]) == [
        {
            "step": 5,
            "changes": {
                "Learning rate": ["0.001", "0.0005"],
                "Bottleneck": ["8", "16"],
                "Tied weights": ["off", "on"],
                "Noise kind": ["Gaussian", "Salt and pepper"],
            },
        }
    ]


def test_changes_by_one_drag_are_one_edit() -> None:
    edits: list[Any] = [
        {"step": 3, "changes": {"noise": [0.0, 0.1]}},
        {"step": 5, "changes": {"noise": [0.1, 0.2]}, "drag": 7},
        {"step": 6, "changes": {"noise": [0.2, 0.3]}, "drag": 7},
        {"step": 8, "changes": {"noise": [0.3, 0.4]}, "drag": 9},
        {"step": 9, "changes": {"noise": [0.4, 0.3]}, "drag": 9},
        {"step": 9, "changes": {"bottleneck": [8, 16]}},
    ]
    assert edit_texts(edits) == [
        {"step": 3, "changes": {"Noise": ["0", "0.1"]}},
        {"step": 6, "changes": {"Noise": ["0.1", "0.3"]}},
        {"step": 9, "changes": {"Bottleneck": ["8", "16"]}},
    ]
