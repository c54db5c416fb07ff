from itertools import pairwise

import pytest

from aecore.config import Config
from aecore.training.schedule import TrainingSchedule

LAYERED = Config(hidden="8-4", linear_path=False, pretrain_epochs=2, epochs=3)


def test_without_pretraining_there_is_one_stage() -> None:
    plan = TrainingSchedule(Config(epochs=3), 10)
    assert (plan.pretraining, plan.total) == (0, 30)
    assert {plan.stage(step) for step in range(40)} == {0}
    assert [plan.progress(step) for step in (0, 15, 30)] == [0, 0.5, 1]


def test_each_layer_has_its_turn_and_then_all() -> None:
    plan = TrainingSchedule(LAYERED, 10)
    assert (plan.per_layer, plan.pretraining, plan.total) == (20, 60, 90)
    assert [plan.stage(step) for step in (0, 19, 20, 39, 40, 59, 60, 89)] == [
        *(1, 1, 2, 2, 3, 3, 0, 0)
    ]


def test_each_stage_goes_through_a_whole_schedule() -> None:
    plan = TrainingSchedule(LAYERED, 10)
    assert [plan.progress(step) for step in (0, 10, 20, 50, 60, 75, 90)] == [
        *(0, 0.5, 0, 0.5, 0, 0.5, 1)
    ]


@pytest.mark.parametrize("per_epoch", [7, 45, 235])
def test_rows_become_rarer_and_are_never_far_apart(per_epoch: int) -> None:
    plan = TrainingSchedule(Config(), per_epoch)
    is_due = [step for step in range(1, 5001) if plan.is_row_due(step)]
    assert is_due[:32] == list(range(1, 33))
    assert len(is_due) < 5000 / 64 + 5000 / per_epoch + 150
    assert max(b - a for a, b in pairwise(is_due)) <= 64
    assert set(range(per_epoch, 5001, per_epoch)) <= set(is_due)
