"""Rules for all figures: colours come from the theme, texts are translated."""

import json
from base64 import b64decode
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from aecore import i18n
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import Spec, build_spec, compact
from tests.dashboard.figures.support import history, texts
from tests.support import Bracketed


def live_figures() -> list[Spec]:
    edits = [
        {
            "step": 5,
            "changes": {"Noise kind": ["Gaussian", "Masking"], "Tied": ["off", "on"]},
        }
    ]
    return [
        loss(history(50, stage=1), edits),
        loss(history(50, noise=0.3)),
        latent_map(np.zeros((3, 2), np.float32), [0, 0, -1], ["a"]),
        code_activity(np.ones(3), np.ones(3), [True, False, False]),
        code_activity(np.ones(300), np.ones(300), np.zeros(300, bool)),
    ]


def all_figures() -> list[go.Figure]:
    return [go.Figure(spec) for spec in live_figures()]


def numbers(value: Any) -> Any:
    """Return decoded JSON with the arrays that are bytes as lists of numbers."""
    if isinstance(value, list):
        return [numbers(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "bdata" in value:
        return np.frombuffer(b64decode(value["bdata"]), value["dtype"]).tolist()
    return {name: numbers(each) for name, each in value.items()}


@pytest.mark.parametrize("spec", live_figures(), ids=["pretraining", "noise", "map", "few", "many"])
def test_plain_figure_says_what_plotly_makes_of_it(spec: Spec) -> None:
    plain, checked = (numbers(json.loads(compact(each))) for each in (spec, go.Figure(spec)))
    assert plain["data"] == checked["data"]
    filled = {name: value for name, value in plain["layout"].items() if value != []}
    assert filled == {**checked["layout"], "template": {}}


def test_numbers_that_json_lacks_are_left_out() -> None:
    spec = build_spec([{"type": "scatter", "y": [1.0, float("nan")]}], top=8)
    assert json.loads(compact(spec))["data"][0]["y"] == [1.0, None]


def test_figures_set_no_colour_for_text_or_background() -> None:
    for figure in all_figures():
        assert "font" not in compact(figure).replace("fontsize", "")
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"


def test_all_figure_texts_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed("«", "»"))
    shown = set.union(*(texts(figure) for figure in all_figures()))
    assert {text for text in shown if "«" not in text} <= {
        "",
        "%{y:.4~g}",
        "%{hovertext}",
        "%{fullData.name}<extra></extra>",
        "a",
    }
