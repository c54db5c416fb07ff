"""The orientation of the latent map: a function of the steps, and steady while a run trains."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from aecore.config import Config
from aecore.data import Dataset
from aecore.maps.projection import plane
from aecore.training.trainer import Trainer
from tests.support import advance

STEPS = 40


def edited(trainer: Trainer, steps: int, *, watched: bool = False) -> Trainer:
    """Train up to a step, with two changes of the bottleneck on the way."""
    while trainer.steps < steps:
        if trainer.steps in (16, 21) and len(trainer.edits) < (1 if trainer.steps == 16 else 2):
            trainer.change(bottleneck=6 if trainer.steps == 16 else 3)
        trainer.step()
        if watched:
            trainer.snapshot()
    return trainer


def movement(maps: list[NDArray[np.float32]]) -> float:
    """Return the largest movement from one map to the next, in proportion to its size."""
    return max(float(np.linalg.norm(b - a) / np.linalg.norm(a)) for a, b in pairwise(maps))


@pytest.mark.parametrize("saved_step", [0, 1, 16, 17, 22, 33])
def test_map_does_not_depend_on_snapshots_or_on_resuming(
    small: Dataset, quick: Config, saved_step: int
) -> None:
    config = quick.changed(epochs=20)
    unwatched = edited(Trainer(small, config), STEPS)
    watched = edited(Trainer(small, config), STEPS, watched=True)
    interrupted = edited(Trainer(small, config), saved_step, watched=True)
    resumed = edited(Trainer(small, config, state=interrupted.state()), STEPS)
    expected = unwatched.snapshot()
    for trainer in (watched, resumed):
        snapshot = trainer.snapshot()
        assert np.array_equal(snapshot.codes, expected.codes)
        assert np.array_equal(snapshot.points, expected.points)


def test_second_snapshot_of_a_step_equals_the_first(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 7)
    first = trainer.snapshot().points
    assert np.array_equal(trainer.snapshot().points, first)
    assert np.array_equal(Trainer(small, quick, state=trainer.state()).snapshot().points, first)


def test_map_neither_flips_nor_jumps_from_step_to_step(small: Dataset, quick: Config) -> None:
    """The principal axes of the code change their sign on the way."""
    settings = {"linear_path": False, "bottleneck": 6, "learning_rate": 0.003, "seed": 3}
    trainer = Trainer(small, quick.changed(**settings, epochs=20))
    snapshots = [trainer.snapshot()]
    for _ in range(60):
        trainer.step()
        snapshots.append(trainer.snapshot())
    assert movement([each.points for each in snapshots]) < 0.2
    assert movement([plane(each.codes) for each in snapshots]) > 1
