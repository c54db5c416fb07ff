"""The learning rate of a run is that of the trial with the lowest validation error."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Diverged, LabError
from aecore.experiments import trials as module
from aecore.experiments.grid import Planned
from aecore.experiments.sweep import Outcome, folder_name
from aecore.experiments.trials import FOLDER, chosen, run_trials, trials
from aecore.files import write_json
from aecore.runs.index import index
from aecore.runs.tidy import Savings, find_savings
from aecore.training.schedule import passes
from tests.support import LAYERED

CONFIG = Config(hidden="12", batch_size=32, epochs=20, learning_rate=0.003, precision="float32")
LOW, MIDDLE, HIGH = 0.00095, 0.003, 0.0095


def rates(config: Config) -> list[float]:
    return [trial.learning_rate for trial in trials(config)]


def test_trials_differ_by_a_factor_of_about_three_within_the_bounds() -> None:
    assert rates(CONFIG) == [LOW, MIDDLE, HIGH]
    assert rates(CONFIG.changed(learning_rate=500)) == [160, 500, 1000]
    assert rates(CONFIG.changed(learning_rate=1000)) == [320, 1000]
    assert rates(CONFIG.changed(learning_rate=1e-5)) == [1e-5, 3.2e-5]


@pytest.mark.parametrize(("epochs", "short"), [(1, 1), (4, 1), (20, 4), (100, 20)])
def test_trials_are_complete_runs_of_a_fifth_of_the_passes(epochs: int, short: int) -> None:
    config = CONFIG.changed(epochs=epochs)
    for trial in trials(config):
        assert config.changed(epochs=short, learning_rate=trial.learning_rate) == trial


@pytest.mark.parametrize(("epochs", "short"), [(1, 4), (17, 4), (22, 5)])
def test_pretraining_of_a_trial_leaves_an_epoch(epochs: int, short: int) -> None:
    for trial in trials(CONFIG.changed(**LAYERED, epochs=epochs)):
        assert (trial.pretrain_epochs, passes(trial)) == (1, short)


def save_result(root: Path, dataset: Dataset, trial: Config, **facts: Any) -> None:
    """Write what is kept of a finished trial."""
    path = root / FOLDER / dataset.fingerprint / folder_name(trial)
    path.mkdir(parents=True)
    write_json(path / "config.json", trial.model_dump())
    write_json(path / "run.json", {"step": 4, "total_steps": 4, **facts})


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ((0.3, 0.2, 0.1), HIGH),
        ((0.1, 0.2, 0.3), LOW),
        ((0.2, 0.1, 0.3), MIDDLE),
        ((0.1, 0.1, 0.1), LOW),
    ],
)
def test_lowest_validation_error_is_chosen(
    tmp_path: Path, small: Dataset, errors: Sequence[float], best: float
) -> None:
    for trial, error in zip(trials(CONFIG), errors, strict=True):
        save_result(tmp_path, small, trial, held_out=error)
    assert chosen(tmp_path, small, CONFIG) == CONFIG.changed(learning_rate=best)


def test_nothing_is_chosen_until_all_trials_on_these_images_are_finished(
    tmp_path: Path, small: Dataset, digits: Dataset
) -> None:
    *some, last = trials(CONFIG)
    for trial in some:
        save_result(tmp_path, small, trial, held_out=0.1)
    assert chosen(tmp_path, small, CONFIG) is None
    save_result(tmp_path, small, last, held_out=0.1)
    assert chosen(tmp_path, small, CONFIG) is not None
    assert chosen(tmp_path, digits, CONFIG) is None


class FakeSweep:
    """A sweep whose runs have errors by learning rate; infinite ones diverge, None ones fail."""

    def __init__(self, errors: dict[float, float | None], dataset: Dataset) -> None:
        self.errors, self.dataset, self.trained = errors, dataset, 0

    def __call__(self, planned: Sequence[Planned], *_: object, root: Path, **__: object) -> Any:
        return self._outcomes(planned, root.parents[1])

    def _outcomes(self, planned: Sequence[Planned], root: Path) -> Iterator[Outcome]:
        for place, each in enumerate(planned):
            if each.config is None:
                yield Outcome(place, each.values, reason=each.reason)
                continue
            self.trained += 1
            error = self.errors[each.config.learning_rate]
            if error is None:
                yield Outcome(place, each.values, reason=LabError("Its worker failed."))
            elif math.isinf(error):
                yield Outcome(place, each.values, reason=Diverged("Training diverged."))
            else:
                save_result(root, self.dataset, each.config, held_out=error)
                yield Outcome(place, each.values, folder_name(each.config))


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ((0.2, 0.1, math.inf), MIDDLE),
        ((0.2, math.inf, math.inf), LOW),
        ((math.inf, math.inf, math.inf), None),
        # Whether a worker fails has nothing to do with the learning rate.
        ((0.1, 0.2, None), None),
    ],
)
def test_trial_that_diverged_is_the_worst_and_not_repeated(
    tmp_path: Path,
    small: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    errors: Sequence[float | None],
    best: float | None,
) -> None:
    fake = FakeSweep(dict(zip(rates(CONFIG), errors, strict=True)), small)
    monkeypatch.setattr(module, "sweep", fake)
    reasons = [each.reason for each in run_trials([CONFIG], small, root=tmp_path)]
    assert sum(reason is not None for reason in reasons) == sum(
        e in (None, math.inf) for e in errors
    )
    choice = chosen(tmp_path, small, CONFIG)
    assert (choice and choice.learning_rate) == best
    diverging = [
        rate for rate, error in zip(rates(CONFIG), errors, strict=True) if error == math.inf
    ]
    planned = [module._plan(tmp_path / FOLDER / small.fingerprint, t) for t in trials(CONFIG)]
    invalid = [each for each in planned if each.config is None]
    assert [each.values["learning_rate"] for each in invalid] == diverging
    for each in invalid:
        assert f"learning_rate {each.values['learning_rate']:g} diverged" in str(each.reason)


def test_trials_are_trained_once_and_do_not_count_as_runs(
    tmp_path: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CONFIG.changed(epochs=5)
    first = list(run_trials([config, config], small, root=tmp_path, processes=1))
    assert sorted(each.place for each in first) == [0, 0, 0, 1, 1, 1]
    assert all(each.summary["step"] == each.summary["total_steps"] for each in first)
    errors = {each.values["learning_rate"]: each.summary["held_out"] for each in first}
    choice = chosen(tmp_path, small, config)
    assert choice is not None
    assert errors[choice.learning_rate] == min(errors.values())
    kept = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert kept == ["config.json"] * 3 + ["run.json"] * 3
    assert index(tmp_path) == []
    assert find_savings(tmp_path) == Savings()
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    again = list(run_trials([config, config], small, root=tmp_path, processes=1))
    assert [each.reason for each in again] == [None] * 6
    assert chosen(tmp_path, small, config) == choice
