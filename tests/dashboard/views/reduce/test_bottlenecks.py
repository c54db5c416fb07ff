"""The run of each bottleneck that is compared with PCA, without a browser."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.config import Config
from aecore.data import Dataset
from aecore.metrics import pca
from aecore.network.inference import error
from aecore.runs.index import Row
from aecore.training.trainer import Trainer
from dashboard.state import active_run, cached
from dashboard.state.background import background_cache
from dashboard.views.reduce import bottlenecks
from tests.dashboard.support import finish
from tests.dashboard.test_words_on_page import figure_of
from tests.support import trained

SCRIPT = """
from dashboard.state import cached
from dashboard.views.reduce import bottlenecks

bottlenecks.panel(cached.dataset("small"))
"""


def row(images: Dataset, name: str, error: float | None, **changes: Any) -> Row:
    """Return the row of a finished run, with some settings changed before or during training."""
    started = {n: v for n, v in changes.items() if n in Config.model_fields}
    config = Config(**{"dataset": "small", **started}).model_dump()
    return {
        "name": name,
        "title": "",
        "tags": [],
        "note": "",
        "favourite": False,
        "config": config,
        "settings": {**config, **changes.get("edits", {})},
        "step": changes.get("step", 10),
        "total_steps": 10,
        "epoch": 1.0,
        "held_out": error,
        "pca": 0.1,
        "fingerprint": changes.get("fingerprint", images.fingerprint),
        "bytes": 0,
        "touched": 0.0,
    }


def test_run_of_the_lowest_validation_error_is_chosen_for_each_bottleneck(small: Dataset) -> None:
    rows = [
        row(small, "poor", 0.05),
        row(small, "good", 0.02),
        row(small, "other", 0.03),
        row(small, "wide", 0.04, bottleneck=16),
        row(small, "widened", 0.01, edits={"bottleneck": 16}),
        row(small, "without noise", 0.5, bottleneck=2, noise=0.3, noise_kind="none"),
    ]
    chosen = {width: each["name"] for width, each in bottlenecks._best(rows, small).items()}
    assert chosen == {8: "good", 16: "widened", 2: "without noise"}


@pytest.mark.parametrize(
    "changes",
    [
        {"train_size": 100},
        {"validation_images": 0},
        {"classes": "a"},
        {"dataset": "other"},
        {"fingerprint": "0" * 32},
        {"fingerprint": None},
        {"noise": 0.3},
        {"noise": 0.3, "edits": {"noise": 0}},
        {"edits": {"noise": 0.3}},
        {"edits": {"bottleneck": "wide"}},
        {"step": 9},
    ],
)
def test_run_that_is_not_comparable_is_not_chosen(small: Dataset, changes: dict[str, Any]) -> None:
    other = row(small, "other", 0.01, **changes)
    assert bottlenecks._best([other], small) == {}
    good = row(small, "good", 0.02)
    assert bottlenecks._best([other, good], small) == {8: good}


def test_run_that_was_not_measured_is_not_chosen(small: Dataset) -> None:
    assert bottlenecks._best([row(small, "unmeasured", None)], small) == {}


@pytest.fixture
def two_runs(
    root: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> list[Trainer]:
    """Train two finished runs, and have the worse one's validation error be the lower."""
    active_run.sessions.clear()
    background_cache.clear()
    monkeypatch.setattr(cached, "dataset", lambda name: small)
    config = quick.changed(dataset="small", noise=0, epochs=1)
    trainers = [
        trained(root / name, small, each, 4)
        for name, each in (("better", config), ("worse", config.changed(linear_path=False)))
    ]
    path = root / "worse" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "held_out": 1e-6}))
    return trainers


def test_test_error_of_the_chosen_run_is_drawn_beside_that_of_pca(
    two_runs: list[Trainer], small: Dataset
) -> None:
    page = finish(AppTest.from_string(SCRIPT, default_timeout=60).run())
    better, worse = (error(trainer.model, small.test_images) for trainer in two_runs)
    assert better < worse
    ours, theirs = figure_of(page, "reduce-curve")["data"]
    assert (ours["x"], ours["y"]) == ([4], [pytest.approx(worse)])
    components = pca.pca(two_runs[0].training_subset.images)
    assert theirs["x"] == [2, 4, 8, 16]
    assert theirs["y"] == pytest.approx(
        [components.error(small.test_images, width, clamped=True) for width in theirs["x"]]
    )
    assert page.button(key="train missing").label == "Train missing sizes: 2, 8, 16"
