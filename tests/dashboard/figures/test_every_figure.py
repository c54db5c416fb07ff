"""Rules for all figures: colours come from the theme, texts are translated."""

import numpy as np
import plotly.graph_objects as go
import pytest

from aecore import i18n
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import compact
from tests.dashboard.figures.support import history, texts
from tests.support import Bracketed


def all_figures() -> list[go.Figure]:
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
    ]


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
