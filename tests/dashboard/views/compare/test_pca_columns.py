"""The tables of the Compare page where PCA is exact, and for runs with noise."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.config import Config
from aecore.data import Dataset
from aecore.experiments.sweep import Outcome
from dashboard.state import active_run, cached
from dashboard.views.compare.score_table import COLUMNS, _cell
from dashboard.views.compare.sweep_results import _pca_name
from tests.support import trained

SCRIPT = """
from aecore.runs import index
from dashboard.state import active_run
from dashboard.views.compare import run_table, side_by_side

run_table.choose()
side_by_side.side_by_side(index.index(active_run.root()))
"""


@pytest.fixture
def page(root: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """Compare a narrow run with one as wide as the images."""
    active_run.sessions.clear()
    monkeypatch.setattr(cached, "dataset", lambda name: small)
    clean = quick.changed(dataset="small", noise=0.0)
    for name, width in (("narrow", 4), ("wide", 30)):
        trained(root / name, small, clean.changed(bottleneck=width), 4)
    page = AppTest.from_string(SCRIPT, default_timeout=60).run()
    assert (list(page.exception), list(page.error)) == ([], [])
    return page


def test_run_is_not_compared_with_exact_pca(page: AppTest) -> None:
    runs = page.dataframe[0].value.set_index("title")
    assert runs.loc["narrow", "ratio"] > 0
    assert runs["ratio"].isna().to_dict() == {"narrow": False, "wide": True}
    settings = page.dataframe[1].value.set_index("Setting")
    assert settings.loc["PCA error", "wide"] == "exact"
    assert float(settings.loc["PCA error", "narrow"]) > 0


def test_scores_of_exact_pca_are_empty() -> None:
    row: dict[str, Any] = {"test_mse": 0.01, "pca_mse_clamped": 1e-32, "pca_knn": 0.5}
    cells = {score: _cell(row, score) for score in COLUMNS}
    assert (cells["test_mse"], cells["pca_mse_clamped"], cells["pca_knn"]) == (0.01, None, 50)
    assert cells["noisy_pca_mse"] is None
    assert _cell(None, "test_mse") is None


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"noise_kind": "gaussian", "noise": 0.0}, "PCA"),
        ({"noise_kind": "none", "noise": 0.3}, "PCA"),
        ({"noise_kind": "gaussian", "noise": 0.3}, "PCA (denoising, Gaussian 0.3)"),
    ],
)
def test_line_of_pca_in_a_sweep_is_named_by_its_noise(settings: dict[str, Any], name: str) -> None:
    outcome = Outcome(0, {}, summary={"settings": settings})
    assert _pca_name(outcome) == name
