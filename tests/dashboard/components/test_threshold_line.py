import pytest

from dashboard.components import threshold_line
from tests.dashboard.components.mounted import Mounted


def test_a_line_is_where_it_should_be_and_tells_where_it_was_dragged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounted, told = Mounted(), list[float]()
    monkeypatch.setattr(threshold_line, "_line", mounted)
    state = {"line": {"dragged": [0.3, 7]}}
    monkeypatch.setattr("streamlit.session_state", state)
    threshold_line.threshold_line(
        "line",
        figure="scores",
        at=0.2,
        extent=(0, 1),
        movable=True,
        label="Threshold",
        words="Drag it.",
        on_drag=told.append,
    )
    (given,) = mounted
    assert (given["data"]["at"], given["data"]["extent"], given["data"]["count"]) == (
        0.2,
        [0, 1],
        7,
    )
    given["on_dragged_change"]()
    assert told == [0.3]
