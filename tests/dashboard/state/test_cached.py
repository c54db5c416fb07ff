import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.i18n import language, t
from aecore.runs.run import Run
from dashboard.state import cached
from dashboard.state.background import background_cache
from tests.support import advance_run, trained


@pytest.fixture
def run(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    monkeypatch.setattr(cached, "dataset", lambda name: small)
    background_cache.clear()
    trained(tmp_path / "run", small, quick)
    yield Run(tmp_path / "run")
    background_cache().close()
    background_cache.clear()


def scores(run: Run) -> float:
    assert cached.scores(run) is None
    assert background_cache().wait(60)
    result = cached.scores(run)
    assert result is not None
    return result["test_mse"]


def test_scores_are_recomputed_after_each_save(run: Run, small: Dataset) -> None:
    before = scores(run)
    run.claim()
    trainer = run.resume(small)
    advance_run(run, trainer, 5)
    run.save(trainer)
    run.release()
    assert scores(run) != before


def test_images_replaced_while_the_server_runs_are_noticed(
    run: Run, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cached.trained_model(run).dataset is small
    assert cached.dataset_of(run.frame()) is small
    scores(run)
    changed = replace(small, images=small.images[::-1])
    monkeypatch.setattr(cached, "dataset", lambda name: changed)
    for use in (cached.trained_model, lambda run: cached.dataset_of(run.frame())):
        with pytest.raises(LabError, match="The dataset small has changed since"):
            use(run)
    assert cached.scores(run) is None
    assert background_cache().wait(60)
    with pytest.raises(LabError, match="The dataset small has changed since"):
        cached.scores(run)


def test_figures_of_a_snapshot_are_computed_once_in_each_language(run: Run) -> None:
    snapshot, computed = run.frame(), []

    def compute() -> str:
        computed.append(language.get())
        return t("Class")

    for _ in range(3):
        assert cached.of_snapshot(snapshot, "x", compute) == "Class"
    assert cached.of_snapshot(snapshot, "y", compute) == "Class"
    assert cached.of_snapshot(run.frame(), "x", compute) == "Class"
    token = language.set("ko")
    cached.of_snapshot(snapshot, "x", compute)
    language.reset(token)
    assert computed == ["en", "en", "en", "ko"]


def test_figures_of_a_snapshot_are_released_with_it(run: Run) -> None:
    snapshot = run.frame()
    cached.of_snapshot(snapshot, "x", lambda: "figure")
    reference = weakref.ref(snapshot)
    del snapshot
    gc.collect()
    assert reference() is None
