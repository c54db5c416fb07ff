from dataclasses import FrozenInstanceError, replace

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.training.trainer import Trainer


def test_snapshot_is_immutable(small: Dataset, quick: Config) -> None:
    snapshot = Trainer(small, quick).snapshot()
    with pytest.raises(FrozenInstanceError):
        snapshot.step = 3  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        snapshot.examples.labels = snapshot.labels  # type: ignore[misc]


def test_snapshot_contains_codes_points_labels_and_examples(small: Dataset, quick: Config) -> None:
    snapshot = Trainer(small, quick).snapshot()
    assert snapshot.codes.shape == (160, 4)
    assert snapshot.points.shape == (160, 2)
    assert snapshot.labels.shape == (160,)
    assert snapshot.classes == ("a", "b", "c")
    assert snapshot.examples.originals.shape == (10, 6, 5)
    assert (snapshot.step, snapshot.total_steps, snapshot.history, snapshot.edits) == (
        0,
        24,
        (),
        (),
    )


@pytest.mark.parametrize(("step", "finished"), [(0, False), (23, False), (24, True), (25, True)])
def test_snapshot_is_finished_from_the_last_step_on(
    small: Dataset, quick: Config, step: int, finished: bool
) -> None:
    assert replace(Trainer(small, quick).snapshot(), step=step).finished == finished
