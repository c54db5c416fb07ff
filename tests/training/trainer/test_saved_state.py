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
@pytest.mark.parametrize("cut", [0, 1, 3, 4, 7])
def test_it_goes_on_bit_for_bit(small: Dataset, quick: Config, cut: int, optimizer: str) -> None:
    config = quick.changed(optimizer=optimizer)
    whole, first = Trainer(small, config), Trainer(small, config)
    advance(whole, 12)
    advance(first, cut)
    second = Trainer(small, Config(), state=first.state())
    same(first, second)
    advance(second, 12 - cut)
    same(whole, second)


@pytest.mark.parametrize("bottleneck", [2, 7])
@pytest.mark.parametrize("cut", [5, 6, 9])
def test_it_goes_on_across_a_new_bottleneck(
    small: Dataset, quick: Config, cut: int, bottleneck: int
) -> None:
    def change(trainer: Trainer, start: int, stop: int) -> None:
        for step in range(start, stop):
            if step == 5:
                trainer.change(bottleneck=bottleneck, noise=0.3)
            trainer.step()

    whole, first = Trainer(small, quick), Trainer(small, quick)
    change(whole, 0, 12)
    change(first, 0, cut)
    second = Trainer(small, quick, state=first.state())
    change(second, cut, 12)
    same(whole, second)


@pytest.mark.parametrize("cut", [2, 4, 6, 8, 11, 12, 13])
def test_it_goes_on_in_the_middle_of_pretraining(small: Dataset, quick: Config, cut: int) -> None:
    config = quick.changed(**LAYERED)
    whole, first = Trainer(small, config), Trainer(small, config)
    advance(whole, 15)
    advance(first, cut)
    second = Trainer(small, config, state=first.state())
    advance(second, 15 - cut)
    same(whole, second)


def test_a_state_is_a_copy(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    state = trainer.state()
    before = {name: value.clone() for name, value in state.tensors.items()}
    advance(trainer, 3)
    trainer.change(noise=0.3)
    assert all(torch.equal(value, before[name]) for name, value in state.tensors.items())
    assert (state.facts["step"], state.facts["edits"], len(state.history)) == (3, [], 3)


def test_other_images_are_refused(digits: Dataset, quick: Config, state: State) -> None:
    with pytest.raises(LabError, match=r"other images: \[120, 6, 5\].*digits has \[1438, 8, 8\]"):
        Trainer(digits, quick, state=state)


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
def test_damaged_facts_are_refused(
    small: Dataset, quick: Config, state: State, facts: dict[str, Any]
) -> None:
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, facts={**state.facts, **facts}))


@pytest.mark.parametrize("missing", ["config", "step", "batches", "edits", "images"])
def test_missing_facts_are_refused(
    small: Dataset, quick: Config, state: State, missing: str
) -> None:
    facts = {name: value for name, value in state.facts.items() if name != missing}
    with pytest.raises(LabError, match=r"damaged|other images"):
        Trainer(small, quick, state=replace(state, facts=facts))


def test_a_hand_edited_setting_is_refused(small: Dataset, quick: Config, state: State) -> None:
    facts = {**state.facts, "config": {**state.facts["config"], "bottleneck": 0}}
    with pytest.raises(LabError, match="bottleneck is 0"):
        Trainer(small, quick, state=replace(state, facts=facts))


@pytest.mark.parametrize("name", ["squares", "model/to_code.weight"])
def test_missing_tensors_are_refused(
    small: Dataset, quick: Config, state: State, name: str
) -> None:
    tensors = {each: value for each, value in state.tensors.items() if each != name}
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))


@pytest.mark.parametrize("name", ["model/to_code.weight", "optimizer/to_code.weight/exp_avg"])
def test_tensors_of_another_shape_are_refused(
    small: Dataset, quick: Config, state: State, name: str
) -> None:
    tensors = {**state.tensors, name: torch.zeros(2, 2)}
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))


def test_weights_that_are_no_numbers_are_refused(
    small: Dataset, quick: Config, state: State
) -> None:
    name = "model/to_code.weight"
    tensors = {**state.tensors, name: torch.full_like(state.tensors[name], torch.nan)}
    with pytest.raises(LabError, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))
