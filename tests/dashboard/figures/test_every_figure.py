"""What holds for all figures: whose colours and whose words they carry."""

import numpy as np
import plotly.graph_objects as go
import pytest

from aecore import i18n
from dashboard.figures.code_activity import code_activity
from dashboard.figures.latent_map import latent_map
from dashboard.figures.loss_curve import loss
from dashboard.figures.theme import compact
from tests.dashboard.figures.support import history, words
from tests.support import Bracketed


def everything() -> list[go.Figure]:
    edits = [
        {
            "step": 5,
            "changes": {"Noise kind": ["Gaussian", "Masking"], "Tied": ["off", "on"]},
        }
    ]
    return [
        loss(history(50, stage=1), edits),
        latent_map(np.zeros((3, 2), np.float32), [0, 0, -1], ["a"]),
        code_activity(np.ones(3), np.ones(3), [True, False, False]),
    ]


def test_no_figure_says_a_colour_of_text_or_ground() -> None:
    for figure in everything():
        assert "font" not in compact(figure).replace("fontsize", "")
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0, 0, 0, 0)"


def test_every_word_passes_through_t(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_catalogue", lambda code: Bracketed("«", "»"))
    said = set.union(*(words(figure) for figure in everything()))
    assert {text for text in said if "«" not in text} <= {
        "",
        "%{y:.4~g}",
        "%{hovertext}",
        "%{fullData.name}<extra></extra>",
        "a",
    }
