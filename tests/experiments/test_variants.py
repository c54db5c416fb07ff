import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Diverged
from aecore.experiments import variants as module
from aecore.experiments.sweep import Outcome
from aecore.experiments.trials import chosen
from aecore.experiments.variants import (
    VARIANTS,
    finished_run,
    measure,
    run_count,
    train,
    variants,
)
from aecore.runs.index import index
from aecore.runs.run import Run
from aecore.training.schedule import TrainingSchedule
from tests.support import trained


@pytest.mark.parametrize(("epochs", "count"), [(1, 4), (4, 4), (5, 5), (20, 20)])
def test_all_variants_see_the_images_equally_often(epochs: int, count: int) -> None:
    configs = variants("digits", epochs=epochs)
    assert set(configs) == set(VARIANTS)
    steps = {TrainingSchedule(each, per_epoch=45).total for each in configs.values()}
    assert steps == {45 * count}
    assert min(each.epochs for each in configs.values()) >= 1
    assert len({(each.batch_size, each.seed) for each in configs.values()}) == 1
    assert configs["tied"].tied
    assert configs["pretrained"].pretrain_epochs == 1
    kinds = {configs[name].sparsity_kind for name in ("l1", "kl", "top_k")}
    assert kinds == {"l1", "kl", "top_k"}


def test_measurement_includes_the_training_time(tmp_path: Path, digits: Dataset) -> None:
    config = variants("digits", epochs=1)["classic"]
    trainer = trained(tmp_path / "x", digits, config, steps=2)
    Run(tmp_path / "x").save(trainer, seconds=1.5)
    measured = measure(tmp_path / "x", digits)
    assert measured["test_mse"] > 0
    assert (measured["run"], measured["seconds"]) == ("x", 1.5)
    assert measured["learning_rate"] == config.learning_rate


def test_variants_are_trained_once_at_the_best_rate_of_their_trials(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = {name: quick.changed(hidden=name, epochs=5) for name in ("8", "12")}
    assert [finished_run(tmp_path, small, each) for each in configs.values()] == [None] * 2
    rows = list(train(configs, small, root=tmp_path, processes=1))
    assert run_count(configs) == len(rows) == 8
    assert [(row.done, row.total) for row in rows] == [(done, 8) for done in range(1, 9)]
    assert [bool(row.name) for row in rows] == [False] * 6 + [True] * 2
    for row in rows[6:]:
        config = list(configs.values())[row.place]
        best = chosen(tmp_path, small, config)
        assert finished_run(tmp_path, small, config) == tmp_path / row.name
        assert Run(tmp_path / row.name).config == best
    assert {row["name"] for row in index(tmp_path)} == {row.name for row in rows[6:]}
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    again = list(train(configs, small, root=tmp_path, processes=1))
    assert {row.name for row in again} == {row.name for row in rows}
    assert all(row.reason is None for row in again)


def test_cancelled_trials_are_not_followed_by_runs(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    cancel = threading.Event()
    rows = train({"one": quick}, small, root=tmp_path, processes=1, cancel=cancel)
    next(rows)
    cancel.set()
    assert all(not row.name for row in rows)
    assert index(tmp_path) == []


def test_variant_without_a_trial_to_choose_from_has_a_reason(
    tmp_path: Path, small: Dataset, quick: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = Diverged("Training diverged.")

    def all_diverge(configs: Sequence[Config], *_: object, **__: object) -> Iterator[Outcome]:
        return (Outcome(place, {}, reason=reason) for place, _ in enumerate(configs))

    monkeypatch.setattr(module, "run_trials", all_diverge)
    trial, run = train({"one": quick}, small, root=tmp_path, processes=1)
    assert (trial.reason, run.reason) == (None, reason)
