from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.knob import Knob, knobs
from aecore.presets import preset
from aecore.probe import encode, tensor
from aecore.snapshot import Record
from aecore.state import State
from aecore.trainer import Diverged, Trainer
from aecore.words import Refusal

KNOBS = knobs(Config)
LAYERED: Mapping[str, Any] = {"hidden": "12-8", "linear_path": False, "pretrain_epochs": 1}


def advance(trainer: Trainer, steps: int) -> list[Record]:
    return [row for _ in range(steps) if (row := trainer.step()) is not None]


def same(one: Trainer, other: Trainer) -> None:
    """Assert that two trainers stand at the same place, bit for bit."""
    here, there = one.state(), other.state()
    assert set(here.tensors) == set(there.tensors)
    for name, value in here.tensors.items():
        assert torch.equal(value, there.tensors[name]), name
    assert here.facts == there.facts
    assert here.history == there.history


def numpys_state() -> str:
    """Say where numpy's global generator stands."""
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002


def other_value(knob: Knob, config: Config) -> Any:
    """Choose a value that differs from the present one and may be set with all others."""
    now = getattr(config, knob.name)
    if knob.choices:
        return next(c for c in knob.choices if c not in (now, "kl"))
    if knob.kind == "integer":
        return now + 3
    assert knob.high is not None
    return now / 2 if now else knob.high / 20


def test_the_same_seed_gives_the_same_run(small: Dataset, quick: Config) -> None:
    one, other = Trainer(small, quick), Trainer(small, quick)
    torch.manual_seed(1)
    advance(one, 10)
    np.random.seed(2)  # noqa: NPY002
    torch.manual_seed(3)
    advance(other, 10)
    same(one, other)


def test_another_seed_gives_another(small: Dataset, quick: Config) -> None:
    one, other = Trainer(small, quick), Trainer(small, quick.changed(seed=1))
    assert advance(one, 5) != advance(other, 5)
    assert one.history[-1]["train"] == pytest.approx(other.history[-1]["train"], rel=0.5)


def test_global_generators_are_neither_read_nor_moved(small: Dataset, quick: Config) -> None:
    before, numpys = torch.get_rng_state(), numpys_state()
    trainer = Trainer(small, quick)
    advance(trainer, 4)
    trainer.change(bottleneck=2)
    trainer.change(bottleneck=6)
    advance(trainer, 4)
    trainer.snapshot()
    assert torch.equal(torch.get_rng_state(), before)
    assert numpys_state() == numpys


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_make_no_difference(small: Dataset, quick: Config, threads: int) -> None:
    alone = Trainer(small, quick)
    advance(alone, 6)
    torch.set_num_threads(threads)
    try:
        other = Trainer(small, quick)
        advance(other, 6)
    finally:
        torch.set_num_threads(1)
    same(alone, other)


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


def test_the_error_falls(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(linear_path=False, epochs=40, learning_rate=0.01))
    while not trainer.finished:
        trainer.step()
    rows = trainer.history
    assert rows[-1]["held_out"] < 0.5 * rows[0]["held_out"]
    assert rows[-1]["train"] < 0.5 * rows[0]["train"]


def test_stacked_is_better_than_pca_on_digits(digits: Dataset) -> None:
    trainer = Trainer(digits, preset("stacked", epochs=8, hidden="128-64", precision="float32"))
    first = trainer.step()
    assert first is not None
    assert first["held_out"] < 1.1 * first["pca"]
    while not trainer.finished:
        trainer.step()
    assert trainer.history[-1]["held_out"] < 0.8 * trainer.history[-1]["pca"]


def test_a_row_says_what_it_promises(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(schedule="constant"))
    advance(trainer, 4)
    row = trainer.history[-1]
    assert list(row) == [
        *("step", "epoch", "train", "held_out", "pca", "learning_rate", "bottleneck", "stage")
    ]
    assert (row["step"], row["epoch"], row["learning_rate"]) == (4, 1.0, 1e-3)
    assert (row["bottleneck"], row["stage"]) == (4, 0)
    x = tensor(small.test_images)
    with torch.no_grad():
        wanted = (trainer.model(x).clamp(0, 1) - x).square().mean().item()
    assert row["held_out"] == pytest.approx(wanted, rel=1e-5)
    assert row["pca"] < 0.05


def test_the_train_error_is_the_mean_since_the_last_row(small: Dataset, quick: Config) -> None:
    config = quick.changed(learning_rate=1e-5, noise=0.0, epochs=100)
    trainer = Trainer(small, config)
    rows = advance(trainer, 40)
    assert [row["step"] for row in rows[-4:]] == [34, 36, 38, 40]
    assert rows[-1]["train"] == pytest.approx(rows[0]["train"], rel=0.2)


@pytest.mark.parametrize("name", [name for name, knob in KNOBS.items() if knob.live])
def test_every_live_knob_changes_while_it_trains(small: Dataset, quick: Config, name: str) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    before, value = getattr(quick, name), other_value(KNOBS[name], quick)
    trainer.change(**{name: value})
    assert getattr(trainer.config, name) == value
    assert trainer.edits == [{"step": 3, "changes": {name: [before, value]}}]
    assert trainer.steps == 3
    advance(trainer, 3)
    assert np.isfinite(trainer.history[-1]["train"])
    assert trainer.snapshot().config == quick.changed(**{name: value})
    again = Trainer(small, quick, state=trainer.state())
    advance(trainer, 2)
    advance(again, 2)
    same(trainer, again)


@pytest.mark.parametrize("name", [name for name, knob in KNOBS.items() if not knob.live])
def test_the_others_need_a_new_run(small: Dataset, quick: Config, name: str) -> None:
    trainer = Trainer(small, quick.changed(linear_path=False))
    knob = KNOBS[name]
    now = getattr(trainer.config, name)
    value = {"switch": not now, "text": "7"}.get(knob.kind) or other_value(knob, trainer.config)
    with pytest.raises(Refusal, match=f"{name} cannot change while a run trains; start a new one"):
        trainer.change(**{name: value, "noise": 0.7})
    assert trainer.config.noise == 0.1
    assert trainer.edits == []


def test_an_impossible_change_changes_nothing(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    with pytest.raises(Refusal, match="bottleneck is 0; choose a whole number, 1 to 1,024"):
        trainer.change(noise=0.5, bottleneck=0)
    with pytest.raises(Refusal, match="set code_activation to sigmoid"):
        trainer.change(sparsity_kind="kl")
    assert trainer.config == quick


def test_a_change_to_the_same_is_none(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    trainer.change(noise=0.1, bottleneck=4)
    assert trainer.edits == []


def test_the_next_step_obeys(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(schedule="constant", epochs=50))
    trainer.change(learning_rate=0.02)
    assert advance(trainer, 1)[0]["learning_rate"] == 0.02
    trainer.change(sparsity_kind="top_k", active_units=2)
    codes = encode(trainer.model, small.images)
    assert ((codes != 0).sum(1) == 2).all()
    trainer.change(sparsity_kind="none")
    assert (encode(trainer.model, small.images) != 0).all()


def test_momentum_may_begin_during_the_run(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(optimizer="sgd", momentum=0))
    advance(trainer, 3)
    trainer.change(momentum=0.9)
    advance(trainer, 3)
    assert any(name.endswith("momentum_buffer") for name in trainer.state().tensors)


def diverging(small: Dataset, quick: Config, **values: Any) -> Trainer:
    base = {"optimizer": "sgd", "momentum": 0.99, "schedule": "constant", "epochs": 1000}
    return Trainer(small, quick.changed(**{**base, "hidden": "12-8", **values}))


def until_diverged(trainer: Trainer) -> Diverged:
    with pytest.raises(Diverged) as caught:
        advance(trainer, 3000)
    return caught.value


def test_divergence_is_said_and_survived(small: Dataset, quick: Config) -> None:
    trainer = diverging(small, quick, activation="relu")
    advance(trainer, 6)
    trainer.change(learning_rate=10.0)
    said = str(until_diverged(trainer))
    assert said.startswith("Training diverged at step ")
    assert f"stands at step {trainer.steps}," in said
    assert "learning_rate, which is 10; try 1." in said
    good = trainer.history[-1]["step"]
    assert trainer.steps >= good
    assert all(each.isfinite().all() for each in trainer.model.parameters())
    assert np.isfinite(trainer.snapshot().codes).all()
    again = Trainer(small, quick, state=trainer.state())
    for each in (trainer, again):
        each.change(learning_rate=1e-3, momentum=0)
        advance(each, 30)
        assert np.isfinite(each.history[-1]["train"])
    same(trainer, again)


def test_divergence_under_cross_entropy(small: Dataset, quick: Config) -> None:
    values = {"linear_path": False, "loss": "bce", "code_activation": "relu"}
    trainer = diverging(small, quick, **values, activation="relu")
    advance(trainer, 4)
    with torch.no_grad():
        trainer.model.to_code.weight[0, 0] = torch.nan
    with pytest.raises(Diverged):
        advance(trainer, 64)
    assert all(each.isfinite().all() for each in trainer.model.parameters())


def unnoticed(small: Dataset, quick: Config) -> Trainer:
    """Make a trainer whose weights are no numbers, between two rows."""
    trainer = diverging(small, quick, learning_rate=1e-3)
    advance(trainer, 80)
    trainer.step()
    with torch.no_grad():
        trainer.model.to_code.bias[0] = torch.nan
    return trainer


def test_what_is_no_number_is_never_a_state_to_go_on_from(small: Dataset, quick: Config) -> None:
    trainer = unnoticed(small, quick)
    state = trainer.state()
    assert state.facts["step"] == 80
    assert all(value.isfinite().all() for value in state.tensors.values())
    again = Trainer(small, quick, state=state)
    advance(again, 8)
    assert np.isfinite(again.history[-1]["train"])


def test_a_change_after_unnoticed_divergence_starts_from_the_last_good_state(
    small: Dataset, quick: Config
) -> None:
    trainer = unnoticed(small, quick)
    trainer.change(learning_rate=1e-4)
    assert trainer.steps == 80
    advance(trainer, 8)
    assert np.isfinite(trainer.history[-1]["train"])
    steps = [row["step"] for row in trainer.history]
    assert steps == sorted(set(steps))


def test_pretraining_trains_one_layer_at_a_time(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(**LAYERED))
    assert trainer.steps_per_epoch == 4
    moved, stages = [], []
    for _ in range(4):
        before = {name: value.clone() for name, value in trainer.model.named_parameters()}
        stages += [row["stage"] for row in advance(trainer, 4)]
        after = dict(trainer.model.named_parameters())
        moved.append({n.split(".weight")[0] for n in after if not after[n].equal(before[n])})
    assert stages == [1] * 4 + [2] * 4 + [3] * 4 + [0] * 4
    layers = [{each for each in names if "bias" not in each} for names in moved]
    assert layers[0] == {"encoder.0", "decoder.3"}
    assert layers[1] == {"encoder.2", "decoder.1"}
    assert layers[2] == {"to_code", "from_code"}
    assert layers[3] == layers[0] | layers[1] | layers[2]


def test_pretraining_learns_at_the_full_rate_and_helps(small: Dataset, quick: Config) -> None:
    values = {**LAYERED, "learning_rate": 0.01, "epochs": 1, "noise": 0.0}
    helped = Trainer(small, quick.changed(**{**values, "pretrain_epochs": 20}))
    alone = Trainer(small, quick.changed(**{**values, "pretrain_epochs": 0}))
    for trainer in (helped, alone):
        while not trainer.finished:
            trainer.step()
    rates = [row["learning_rate"] for row in helped.history if row["stage"]]
    assert max(rates) == pytest.approx(0.01, rel=0.05)
    assert helped.history[-1]["held_out"] < alone.history[-1]["held_out"]


def test_the_bottleneck_may_change_in_pretraining(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(**LAYERED))
    advance(trainer, 2)
    trainer.change(bottleneck=2)
    advance(trainer, 4)
    trainer.change(bottleneck=6)
    advance(trainer, 10)
    assert trainer.history[-1]["stage"] == 0
    assert trainer.snapshot().codes.shape == (160, 6)


def test_a_run_is_finished_after_its_epochs(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(epochs=2))
    assert trainer.total_steps == 8
    rates = [row["learning_rate"] for row in advance(trainer, 8)]
    assert max(rates) <= 1e-3
    assert rates[-1] < 0.2 * max(rates)
    assert [trainer.finished, trainer.snapshot().finished] == [True, True]
    trainer.change(epochs=3)
    assert [trainer.finished, trainer.snapshot().finished] == [False, False]


def test_it_learns_from_as_many_images_as_it_may(digits: Dataset, quick: Config) -> None:
    few = Trainer(digits, quick.changed(train_size=100))
    assert few.steps_per_epoch == 4
    assert Trainer(digits, quick).steps_per_epoch == 45


def test_a_snapshot_does_not_change_any_more(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    taken = trainer.snapshot()
    codes, pictures = taken.codes.copy(), taken.examples.reconstructions.copy()
    advance(trainer, 5)
    trainer.change(bottleneck=2)
    assert (taken.step, len(taken.history), taken.edits) == (3, 3, ())
    assert np.array_equal(taken.codes, codes)
    assert np.array_equal(taken.examples.reconstructions, pictures)
    later = trainer.snapshot()
    assert (later.step, later.epoch, later.codes.shape) == (8, 2.0, (160, 2))


def test_taking_snapshots_makes_no_difference(small: Dataset, quick: Config) -> None:
    one, other = Trainer(small, quick), Trainer(small, quick)
    for _ in range(6):
        one.step()
        one.snapshot()
        other.step()
    same(one, other)


def test_a_snapshot_shows_the_examples_asked_for(small: Dataset, quick: Config) -> None:
    shown = Trainer(small, quick).snapshot(np.array([3, 1])).examples
    assert shown.indices.tolist() == [3, 1]
    assert np.allclose(shown.originals, small.test_images[[3, 1]] / 255)


@pytest.fixture
def state(small: Dataset, quick: Config) -> State:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    return trainer.state()


def test_other_images_are_refused(digits: Dataset, quick: Config, state: State) -> None:
    with pytest.raises(Refusal, match=r"other images: \[120, 6, 5\].*digits has \[1438, 8, 8\]"):
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
    with pytest.raises(Refusal, match="damaged"):
        Trainer(small, quick, state=replace(state, facts={**state.facts, **facts}))


@pytest.mark.parametrize("missing", ["config", "step", "batches", "edits", "images"])
def test_missing_facts_are_refused(
    small: Dataset, quick: Config, state: State, missing: str
) -> None:
    facts = {name: value for name, value in state.facts.items() if name != missing}
    with pytest.raises(Refusal, match=r"damaged|other images"):
        Trainer(small, quick, state=replace(state, facts=facts))


def test_a_hand_edited_setting_is_refused(small: Dataset, quick: Config, state: State) -> None:
    facts = {**state.facts, "config": {**state.facts["config"], "bottleneck": 0}}
    with pytest.raises(Refusal, match="bottleneck is 0"):
        Trainer(small, quick, state=replace(state, facts=facts))


@pytest.mark.parametrize("name", ["squares", "model/to_code.weight"])
def test_missing_tensors_are_refused(
    small: Dataset, quick: Config, state: State, name: str
) -> None:
    tensors = {each: value for each, value in state.tensors.items() if each != name}
    with pytest.raises(Refusal, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))


@pytest.mark.parametrize("name", ["model/to_code.weight", "optimizer/to_code.weight/exp_avg"])
def test_tensors_of_another_shape_are_refused(
    small: Dataset, quick: Config, state: State, name: str
) -> None:
    tensors = {**state.tensors, name: torch.zeros(2, 2)}
    with pytest.raises(Refusal, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))


def test_weights_that_are_no_numbers_are_refused(
    small: Dataset, quick: Config, state: State
) -> None:
    name = "model/to_code.weight"
    tensors = {**state.tensors, name: torch.full_like(state.tensors[name], torch.nan)}
    with pytest.raises(Refusal, match="damaged"):
        Trainer(small, quick, state=replace(state, tensors=tensors))
