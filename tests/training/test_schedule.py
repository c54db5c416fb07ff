from itertools import pairwise

import pytest

from aecore.config import Config
from aecore.training.schedule import (
    FRAMES_PER_DOUBLING,
    TrainingSchedule,
    is_frame_due,
    passes,
    with_passes,
)

LAYERED = Config(hidden="8-4", linear_path=False, pretrain_epochs=2, epochs=3)


def test_without_pretraining_there_is_one_stage() -> None:
    schedule = TrainingSchedule(Config(epochs=3), 10)
    assert (schedule.pretraining, schedule.total) == (0, 30)
    assert {schedule.stage(step) for step in range(40)} == {0}
    assert [schedule.progress(step) for step in (0, 15, 30)] == [0, 0.5, 1]


def test_layers_are_pretrained_in_turn_before_all_are_trained() -> None:
    schedule = TrainingSchedule(LAYERED, 10)
    assert (schedule.per_layer, schedule.pretraining, schedule.total) == (20, 60, 90)
    assert [schedule.stage(step) for step in (0, 19, 20, 39, 40, 59, 60, 89)] == [
        *(1, 1, 2, 2, 3, 3, 0, 0)
    ]


def test_pretraining_counts_as_passes_and_leaves_an_epoch_for_all_layers() -> None:
    assert (passes(Config(epochs=3)), passes(LAYERED)) == (3, 9)
    assert with_passes(Config(epochs=3), 20) == Config(epochs=20)
    assert [with_passes(LAYERED, count).epochs for count in (20, 8, 7, 6, 1)] == [14, 2, 1, 1, 1]
    assert passes(with_passes(LAYERED, 8)) == 8


def test_progress_runs_from_0_to_1_in_every_stage() -> None:
    schedule = TrainingSchedule(LAYERED, 10)
    assert [schedule.progress(step) for step in (0, 10, 20, 50, 60, 75, 90)] == [
        *(0, 0.5, 0, 0.5, 0, 0.5, 1)
    ]


@pytest.mark.parametrize("per_epoch", [7, 45, 235])
def test_history_rows_become_sparser_up_to_a_maximum_gap(per_epoch: int) -> None:
    schedule = TrainingSchedule(Config(), per_epoch)
    due_steps = [step for step in range(1, 5001) if schedule.is_row_due(step)]
    assert due_steps[:16] == list(range(1, 17))
    assert len(due_steps) < 5000 / 64 + 5000 / per_epoch + 150
    assert max(b - a for a, b in pairwise(due_steps)) <= 64
    assert set(range(per_epoch, 5001, per_epoch)) <= set(due_steps)


def test_number_of_frames_per_doubling_of_the_steps() -> None:
    due_steps = [step for step in range(10_000) if is_frame_due(step)]
    assert due_steps[:17] == list(range(17))
    for start in (16, 64, 1024, 4096):
        assert sum(start <= step < 2 * start for step in due_steps) == FRAMES_PER_DOUBLING
