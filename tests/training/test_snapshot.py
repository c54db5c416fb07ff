from dataclasses import FrozenInstanceError, replace

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.training.trainer import Trainer


def test_it_cannot_be_changed(small: Dataset, quick: Config) -> None:
    taken = Trainer(small, quick).snapshot()
    with pytest.raises(FrozenInstanceError):
        taken.step = 3  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        taken.examples.labels = taken.labels  # type: ignore[misc]


def test_it_holds_what_a_page_shows(small: Dataset, quick: Config) -> None:
    taken = Trainer(small, quick).snapshot()
    assert taken.codes.shape == (160, 4)
    assert taken.points.shape == (160, 2)
    assert taken.labels.shape == (160,)
    assert taken.classes == ("a", "b", "c")
    assert taken.examples.originals.shape == (10, 6, 5)
    assert (taken.step, taken.total_steps, taken.history, taken.edits) == (0, 24, (), ())


@pytest.mark.parametrize(("step", "finished"), [(0, False), (23, False), (24, True), (25, True)])
def test_finished(small: Dataset, quick: Config, step: int, finished: bool) -> None:
    assert replace(Trainer(small, quick).snapshot(), step=step).finished == finished
