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
