from dataclasses import replace
from typing import Any

import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.training.checkpoint import State
from aecore.training.trainer import Trainer
from tests.support import LAYERED, advance, same


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("saved_step", [0, 1, 3, 4, 7])
def test_resumed_training_is_bit_identical(
    small: Dataset, quick: Config, saved_step: int, optimizer: str
) -> None:
    config = quick.changed(optimizer=optimizer)
    uninterrupted, interrupted = Trainer(small, config), Trainer(small, config)
    advance(uninterrupted, 12)
    advance(interrupted, saved_step)
    resumed = Trainer(small, Config(), state=interrupted.state())
    same(interrupted, resumed)
    advance(resumed, 12 - saved_step)
    same(uninterrupted, resumed)


@pytest.mark.parametrize("bottleneck", [2, 7])
@pytest.mark.parametrize("saved_step", [5, 6, 9])
def test_training_resumed_around_a_bottleneck_change_is_identical(
    small: Dataset, quick: Config, saved_step: int, bottleneck: int
) -> None:
    def train(trainer: Trainer, start: int, stop: int) -> None:
        for step in range(start, stop):
            if step == 5:
                trainer.change(bottleneck=bottleneck, noise=0.3)
            trainer.step()

    uninterrupted, interrupted = Trainer(small, quick), Trainer(small, quick)
    train(uninterrupted, 0, 12)
    train(interrupted, 0, saved_step)
    resumed = Trainer(small, quick, state=interrupted.state())
    train(resumed, saved_step, 12)
    same(uninterrupted, resumed)


@pytest.mark.parametrize("saved_step", [2, 4, 6, 8, 11, 12, 13])
def test_training_resumed_during_pretraining_is_identical(
    small: Dataset, quick: Config, saved_step: int
) -> None:
    config = quick.changed(**LAYERED)
    uninterrupted, interrupted = Trainer(small, config), Trainer(small, config)
    advance(uninterrupted, 15)
    advance(interrupted, saved_step)
    resumed = Trainer(small, config, state=interrupted.state())
    advance(resumed, 15 - saved_step)
    same(uninterrupted, resumed)


def test_state_is_a_copy(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    state = trainer.state()
    before = {name: value.clone() for name, value in state.tensors.items()}
    advance(trainer, 3)
    trainer.change(noise=0.3)
    assert all(torch.equal(value, before[name]) for name, value in state.tensors.items())
    assert (state.facts["step"], state.facts["edits"], len(state.history)) == (3, [], 3)


def test_state_of_another_dataset_is_rejected(digits: Dataset, quick: Config, state: State) -> None:
    with pytest.raises(LabError, match="The dataset digits has changed since this run was trained"):
        Trainer(digits, quick, state=state)
    early = {name: value for name, value in state.facts.items() if name != "fingerprint"}
    with pytest.raises(LabError, match=r"other images: \[108, 6, 5\].*digits has \[1295, 8, 8\]"):
        Trainer(digits, quick, state=replace(state, facts=early))


def test_state_of_other_images_of_the_same_name_and_count_is_rejected(
    small: Dataset, quick: Config, state: State
) -> None:
    images = small.images.copy()
    images[-1, -1, -1] ^= 1
    with pytest.raises(LabError, match="The dataset small has changed since this run was trained"):
        Trainer(replace(small, images=images), quick, state=state)
    # A copy is the same dataset.
    same(Trainer(replace(small), quick, state=state), Trainer(small, quick, state=state))


def test_state_without_validation_images_is_resumed_on_all_training_images(
    small: Dataset, quick: Config
) -> None:
    """Early versions held out none, and did not save the setting."""
    config = quick.changed(validation_images=0)
    uninterrupted, interrupted = Trainer(small, config), Trainer(small, config)
    advance(uninterrupted, 9)
    advance(interrupted, 5)
    state = interrupted.state()
    settings = {n: v for n, v in state.facts["config"].items() if n != "validation_images"}
    resumed = Trainer(small, quick, state=replace(state, facts={**state.facts, "config": settings}))
    assert len(resumed.training_subset.images) == len(small.images)
    advance(resumed, 4)
    same(uninterrupted, resumed)


def test_state_of_an_early_version_is_resumed(small: Dataset, quick: Config, state: State) -> None:
    facts = {name: value for name, value in state.facts.items() if name != "fingerprint"}
    tensors = {name: value for name, value in state.tensors.items() if name != "points"}
    early, current = (
        Trainer(small, quick, state=each)
        for each in (replace(state, facts=facts, tensors=tensors), state)
    )
    for trainer in (early, current):
        advance(trainer, 5)
    assert early.history == current.history
    assert early.state().facts == current.state().facts


@pytest.mark.parametrize("points", [torch.zeros(159, 2), torch.full((160, 2), torch.nan)])
def test_map_of_other_images_is_rejected(
    small: Dataset, quick: Config, state: State, points: torch.Tensor
) -> None:
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors={**state.tensors, "points": points}))


@pytest.mark.parametrize(
    "facts",
    [
        {"config": None},
        {"config": []},
        {"step": "soon"},
        {"step": None},
        {"batches": {}},
        {"edits": 3},
    ],
)
def test_damaged_facts_are_rejected(
    small: Dataset, quick: Config, state: State, facts: dict[str, Any]
) -> None:
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, facts={**state.facts, **facts}))


@pytest.mark.parametrize("missing", ["config", "step", "batches", "edits", "images"])
def test_missing_facts_are_rejected(
    small: Dataset, quick: Config, state: State, missing: str
) -> None:
    facts = {name: value for name, value in state.facts.items() if name != missing}
    with pytest.raises(LabError, match=r"damaged|other images"):
        Trainer(small, quick, state=replace(state, facts=facts))


def test_hand_edited_setting_is_rejected(small: Dataset, quick: Config, state: State) -> None:
    facts = {**state.facts, "config": {**state.facts["config"], "bottleneck": 0}}
    with pytest.raises(LabError, match="bottleneck is 0"):
        Trainer(small, quick, state=replace(state, facts=facts))


@pytest.mark.parametrize("name", ["squares", "model/to_code.weight"])
def test_missing_tensors_are_rejected(
    small: Dataset, quick: Config, state: State, name: str
) -> None:
    tensors = {each: value for each, value in state.tensors.items() if each != name}
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))


@pytest.mark.parametrize("name", ["model/to_code.weight", "optimizer/to_code.weight/exp_avg"])
def test_tensors_of_another_shape_are_rejected(
    small: Dataset, quick: Config, state: State, name: str
) -> None:
    tensors = {**state.tensors, name: torch.zeros(2, 2)}
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))


def test_nan_weights_are_rejected(small: Dataset, quick: Config, state: State) -> None:
    name = "model/to_code.weight"
    tensors = {**state.tensors, name: torch.full_like(state.tensors[name], torch.nan)}
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))
