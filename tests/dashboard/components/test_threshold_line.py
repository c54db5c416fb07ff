import pytest

from dashboard.components import threshold_line
from tests.dashboard.components.mount_recorder import MountRecorder


def test_line_is_placed_at_the_threshold_and_reports_drags(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts, reports = MountRecorder(), list[float]()
    monkeypatch.setattr(threshold_line, "_line", mounts)
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
        on_drag=reports.append,
    )
    (arguments,) = mounts
    assert (arguments["data"]["at"], arguments["data"]["extent"], arguments["data"]["count"]) == (
        0.2,
        [0, 1],
        7,
    )
    arguments["on_dragged_change"]()
    assert reports == [0.3]
