import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.components import live_figure
from tests.dashboard.components.mounted import Mounted


def test_a_figure_is_sent_as_text_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = Mounted()
    monkeypatch.setattr(live_figure, "_figure", mounted)
    spec = go.Figure(go.Scatter(y=np.arange(3)))
    live_figure.figure("loss", spec, height=300, label="Loss over steps")
    (given,) = mounted
    assert (given["key"], given["height"]) == ("loss", 300)
    assert given["data"]["label"] == "Loss over steps"
    assert json.loads(given["data"]["spec"])["data"][0]["type"] == "scatter"


def test_no_figure_yet_is_said_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = Mounted()
    monkeypatch.setattr(live_figure, "_figure", mounted)
    live_figure.figure("loss", None, height=300, label="Loss", empty="Press Play.")
    assert mounted[0]["data"]["spec"] is None
    assert mounted[0]["data"]["empty"] == "Press Play."


def test_a_figure_tells_of_what_is_clicked_or_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted, heard = Mounted(), list[Any]()
    calls: dict[str, Any]
    monkeypatch.setattr(live_figure, "_figure", mounted)
    for what in ("clicked", "selected"):
        monkeypatch.setattr("streamlit.session_state", {"map": {what: [3, 5]}})
        calls = {f"on_{what}": heard.append}
        live_figure.figure("map", None, height=9, label="", **calls)
        assert mounted[-1]["data"]["reports"] == what
        mounted[-1][f"on_{what}_change"]()
    assert heard == [3, [3, 5]]
    live_figure.figure("map", None, height=9, label="")
    assert not any(name.startswith("on_") for name in mounted[-1])


def test_what_boots_the_page_never_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = Mounted()
    monkeypatch.setattr(live_figure, "_boot", mounted)
    live_figure.boot()
    live_figure.boot()
    assert mounted[0] == mounted[1]
