import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard import components
from dashboard.components import live_figure, mosaic, threshold_line

HERE = Path(components.__file__).parent
NAMES = {"live_figure": "live-figure", "mosaic": "live-mosaic", "threshold_line": "threshold-line"}
SCRIPTS = [HERE / name / f"{name}.js" for name in NAMES]


class Mounted(list[dict[str, Any]]):
    """Stands where Streamlit mounts a component, and remembers what it was given."""

    def __call__(self, **given: Any) -> None:
        self.append(given)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_has_one_entry_and_fetches_nothing(script: Path) -> None:
    text = script.read_text("utf-8")
    assert len(re.findall(r"^export default function", text, re.M)) == 1
    assert not re.search(r"https?:|\bfetch\(|\bimport\b", text)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_styles_touch_only_their_own_component(script: Path) -> None:
    own = NAMES[script.stem]
    selectors = re.findall(r"^[^\s}/@][^{]*", script.with_suffix(".css").read_text("utf-8"), re.M)
    assert selectors
    assert all(own in part for selector in selectors for part in selector.split(","))


def test_registered_names_are_distinct() -> None:
    names = re.findall(
        r"v2\.component\(\s*\"(\w+)\"",
        "".join(path.read_text("utf-8") for path in HERE.glob("*/__init__.py")),
    )
    assert {"plotly_source", "live_figure", "live_mosaic"} <= set(names)
    assert len(names) == len(set(names))


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
        assert mounted[-1]["data"]["tells"] == what
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


def test_a_mosaic_carries_its_picture_and_captions(monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = Mounted()
    monkeypatch.setattr(mosaic, "_mosaic", mounted)
    mosaic.mosaic("rebuilt", b"\x89PNG", rows=("original",), columns=(), label="Seven", height=120)
    data = mounted[0]["data"]
    assert data["image"] == "data:image/png;base64,iVBORw=="
    assert (data["rows"], data["columns"], data["label"]) == (("original",), (), "Seven")


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
