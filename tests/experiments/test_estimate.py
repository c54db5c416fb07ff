import time

import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.experiments import estimate
from aecore.experiments.estimate import run_seconds, whole_runs


def test_estimate_grows_with_epochs_and_restores_threads(small: Dataset, quick: Config) -> None:
    threads = torch.get_num_threads()
    short = run_seconds(small, quick)
    assert 0 < short < run_seconds(small, quick.changed(epochs=1000))
    assert torch.get_num_threads() == threads


def test_run_of_one_step_has_a_positive_estimate(small: Dataset, quick: Config) -> None:
    assert run_seconds(small, quick.changed(epochs=1, batch_size=4096)) > 0


def test_only_processor_time_counts() -> None:
    assert estimate._seconds(lambda: time.sleep(0.3)) < 0.1


@pytest.mark.parametrize(("count", "whole"), [(9, 1 + 2 / 3 + 2 / 3), (1, 1)])
def test_halving_saves_most_of_the_work(count: int, whole: float) -> None:
    assert whole_runs(count, halving=False) == count
    assert whole_runs(count, halving=True) == pytest.approx(whole)
