"""Fixture of the trainer's tests: a state to resume from."""

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.training.checkpoint import State
from aecore.training.trainer import Trainer
from tests.support import advance


@pytest.fixture
def state(small: Dataset, quick: Config) -> State:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    return trainer.state()
