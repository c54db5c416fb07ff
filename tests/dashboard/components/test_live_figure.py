import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.components import live_figure
from tests.dashboard.components.mount_recorder import MountRecorder


def test_figure_is_sent_as_json_with_its_label(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = MountRecorder()
    monkeypatch.setattr(live_figure, "_figure", mounts)
    spec = go.Figure(go.Scatter(y=np.arange(3)))
    live_figure.figure("loss", spec, height=300, label="Loss over steps")
    (arguments,) = mounts
    assert (arguments["key"], arguments["height"]) == ("loss", 300)
    assert arguments["data"]["label"] == "Loss over steps"
    assert json.loads(arguments["data"]["spec"])["data"][0]["type"] == "scatter"


def test_empty_text_is_sent_while_there_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = MountRecorder()
    monkeypatch.setattr(live_figure, "_figure", mounts)
    live_figure.figure("loss", None, height=300, label="Loss", empty="Press Play.")
    assert mounts[0]["data"]["spec"] is None
    assert mounts[0]["data"]["empty"] == "Press Play."


def test_figure_reports_clicks_and_selections(monkeypatch: pytest.MonkeyPatch) -> None:
    mounts, reports = MountRecorder(), list[Any]()
    calls: dict[str, Any]
    monkeypatch.setattr(live_figure, "_figure", mounts)
    for event in ("clicked", "selected"):
        monkeypatch.setattr("streamlit.session_state", {"map": {event: [3, 5]}})
        calls = {f"on_{event}": reports.append}
        live_figure.figure("map", None, height=9, label="", **calls)
        assert mounts[-1]["data"]["reports"] == event
        mounts[-1][f"on_{event}_change"]()
    assert reports == [3, [3, 5]]
    live_figure.figure("map", None, height=9, label="")
    assert not any(name.startswith("on_") for name in mounts[-1])
