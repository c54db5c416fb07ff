from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import Diverged
from aecore.network.inference import tensor
from aecore.network.products import multiplying
from aecore.presets import preset
from aecore.training.trainer import Trainer
from tests.support import LAYERED, advance, same


def numpy_state() -> str:
    """Return the state of NumPy's global generator."""
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002


def test_same_seed_gives_the_same_run(small: Dataset, quick: Config) -> None:
    first, second = Trainer(small, quick), Trainer(small, quick)
    torch.manual_seed(1)
    advance(first, 10)
    np.random.seed(2)  # noqa: NPY002
    torch.manual_seed(3)
    advance(second, 10)
    same(first, second)


def test_another_seed_gives_another_run(small: Dataset, quick: Config) -> None:
    first, second = Trainer(small, quick), Trainer(small, quick.changed(seed=1))
    assert advance(first, 5) != advance(second, 5)
    assert first.history[-1]["train"] == pytest.approx(second.history[-1]["train"], rel=0.5)


def test_global_generators_are_left_unchanged(small: Dataset, quick: Config) -> None:
    before, numpy_before = torch.get_rng_state(), numpy_state()
    trainer = Trainer(small, quick)
    advance(trainer, 4)
    trainer.change(bottleneck=2)
    trainer.change(bottleneck=6)
    advance(trainer, 4)
    trainer.snapshot()
    assert torch.equal(torch.get_rng_state(), before)
    assert numpy_state() == numpy_before


def test_train_equals_repeated_steps(small: Dataset, quick: Config) -> None:
    first, second = Trainer(small, quick), Trainer(small, quick)
    while not first.finished:
        first.step()
    second.train()
    same(first, second)
    second.train(second.total_steps + 2)
    assert second.steps == second.total_steps + 2


def test_training_stops_at_the_given_step_or_on_request(small: Dataset, quick: Config) -> None:
    trainer, steps = Trainer(small, quick), list[int]()

    def after_step() -> bool:
        steps.append(trainer.steps)
        return len(steps) == 5

    trainer.train(3, after_step)
    assert steps == [1, 2, 3]
    trainer.train(after_step=after_step)
    assert trainer.steps == 5


@pytest.mark.parametrize("threads", [1, 2])
def test_number_of_threads_makes_no_difference(small: Dataset, quick: Config, threads: int) -> None:
    expected = Trainer(small, quick)
    advance(expected, 6)
    torch.set_num_threads(threads)
    try:
        actual = Trainer(small, quick)
        advance(actual, 6)
    finally:
        torch.set_num_threads(1)
    same(expected, actual)


def test_error_falls(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(linear_path=False, epochs=40, learning_rate=0.01))
    trainer.train()
    rows = trainer.history
    assert rows[-1]["held_out"] < 0.5 * rows[0]["held_out"]
    assert rows[-1]["train"] < 0.5 * rows[0]["train"]


def test_stacked_preset_beats_pca_on_digits(digits: Dataset) -> None:
    trainer = Trainer(digits, preset("stacked", epochs=8, hidden="128-64", precision="float32"))
    first = trainer.step()
    assert first is not None
    assert first["held_out"] < 1.1 * first["pca"]
    trainer.train()
    assert trainer.history[-1]["held_out"] < 0.8 * trainer.history[-1]["pca"]


def test_history_row_has_the_documented_values(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(schedule="constant", noise=0.0))
    advance(trainer, 4)
    row = trainer.history[-1]
    assert list(row) == [
        *("step", "epoch", "train", "held_out", "pca", "noise"),
        *("learning_rate", "bottleneck", "stage"),
    ]
    assert (row["step"], row["epoch"], row["learning_rate"]) == (4, 1.0, 1e-3)
    assert (row["bottleneck"], row["stage"], row["noise"]) == (4, 0, 0.0)
    x = tensor(small.images[-12:])
    with torch.no_grad():
        expected = (trainer.model(x).clamp(0, 1) - x).square().mean().item()
    assert row["held_out"] == pytest.approx(expected, rel=1e-5)
    assert row["pca"] < 0.05


def test_rows_are_measured_with_the_noise_of_their_step(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(noise=0.0))
    probe = trainer._probe
    for values in ({}, {"noise": 0.3}, {"noise_kind": "none"}, {"noise_kind": "masking"}):
        trainer.change(**values)
        row = trainer.step()
        assert row is not None
        with multiplying(trainer._validation_products):
            assert row["held_out"] == probe.error(trainer.model, trainer.config)
        assert row["pca"] == probe.pca_error(trainer.config)
    assert [row.get("noise") for row in trainer.history] == [0.0, 0.3, 0.0, 0.3]
    errors = [row["pca"] for row in trainer.history]
    assert errors[0] == errors[2]
    assert len({*errors}) == 3


def test_train_error_is_the_mean_since_the_last_row(small: Dataset, quick: Config) -> None:
    config = quick.changed(learning_rate=1e-5, noise=0.0, epochs=100)
    trainer = Trainer(small, config)
    rows = advance(trainer, 40)
    assert [row["step"] for row in rows[-4:]] == [30, 32, 36, 40]
    assert rows[-1]["train"] == pytest.approx(rows[0]["train"], rel=0.2)


def diverging_trainer(small: Dataset, quick: Config, **values: Any) -> Trainer:
    base = {"optimizer": "sgd", "momentum": 0.99, "schedule": "constant", "epochs": 1000}
    return Trainer(small, quick.changed(**{**base, "hidden": "12-8", **values}))


def train_until_divergence(trainer: Trainer) -> Diverged:
    with pytest.raises(Diverged) as caught:
        advance(trainer, 3000)
    return caught.value


def test_divergence_is_reported_and_training_can_continue(small: Dataset, quick: Config) -> None:
    trainer = diverging_trainer(small, quick, activation="relu")
    advance(trainer, 6)
    trainer.change(learning_rate=10.0)
    message = str(train_until_divergence(trainer))
    assert message.startswith("Training diverged at step ")
    assert f"Restored to step {trainer.steps}." in message
    assert "learning_rate, which is 10; try 1." in message
    good = trainer.history[-1]["step"]
    assert trainer.steps >= good
    assert all(each.isfinite().all() for each in trainer.model.parameters())
    assert np.isfinite(trainer.snapshot().codes).all()
    resumed = Trainer(small, quick, state=trainer.state())
    for each in (trainer, resumed):
        each.change(learning_rate=1e-3, momentum=0)
        advance(each, 30)
        assert np.isfinite(each.history[-1]["train"])
    same(trainer, resumed)


def test_divergence_is_detected_under_cross_entropy(small: Dataset, quick: Config) -> None:
    values = {"linear_path": False, "loss": "bce", "code_activation": "relu"}
    trainer = diverging_trainer(small, quick, **values, activation="relu")
    advance(trainer, 4)
    with torch.no_grad():
        trainer.model.to_code.weight[0, 0] = torch.nan
    with pytest.raises(Diverged):
        advance(trainer, 64)
    assert all(each.isfinite().all() for each in trainer.model.parameters())


def undetected_divergence(small: Dataset, quick: Config) -> Trainer:
    """Make a trainer whose weights became NaN since the last history row."""
    trainer = diverging_trainer(small, quick, learning_rate=1e-3)
    advance(trainer, 80)
    trainer.step()
    with torch.no_grad():
        trainer.model.to_code.bias[0] = torch.nan
    return trainer


def test_state_never_contains_nan_weights(small: Dataset, quick: Config) -> None:
    trainer = undetected_divergence(small, quick)
    state = trainer.state()
    assert state.facts["step"] == 80
    assert all(value.isfinite().all() for value in state.tensors.values())
    resumed = Trainer(small, quick, state=state)
    advance(resumed, 8)
    assert np.isfinite(resumed.history[-1]["train"])


def test_change_after_undetected_divergence_restores_the_last_good_state(
    small: Dataset, quick: Config
) -> None:
    trainer = undetected_divergence(small, quick)
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


def test_pretraining_uses_the_full_rate_and_lowers_the_error(small: Dataset, quick: Config) -> None:
    values = {**LAYERED, "learning_rate": 0.01, "epochs": 1, "noise": 0.0}
    pretrained = Trainer(small, quick.changed(**{**values, "pretrain_epochs": 20}))
    baseline = Trainer(small, quick.changed(**{**values, "pretrain_epochs": 0}))
    for trainer in (pretrained, baseline):
        while not trainer.finished:
            trainer.step()
    rates = [row["learning_rate"] for row in pretrained.history if row["stage"]]
    assert max(rates) == pytest.approx(0.01, rel=0.05)
    assert pretrained.history[-1]["held_out"] < baseline.history[-1]["held_out"]


def test_training_is_finished_after_its_epochs(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(epochs=2))
    assert trainer.total_steps == 8
    rates = [row["learning_rate"] for row in advance(trainer, 8)]
    assert max(rates) <= 1e-3
    assert rates[-1] < 0.2 * max(rates)
    assert [trainer.finished, trainer.snapshot().finished] == [True, True]
    trainer.change(epochs=3)
    assert [trainer.finished, trainer.snapshot().finished] == [False, False]


def test_train_size_limits_the_training_images(digits: Dataset, quick: Config) -> None:
    few = Trainer(digits, quick.changed(train_size=100))
    assert few.steps_per_epoch == 4
    assert len(few.training_subset.images) == 100
    assert Trainer(digits, quick).steps_per_epoch == 41
    assert Trainer(digits, quick.changed(validation_images=0)).steps_per_epoch == 45


def test_test_images_have_no_effect_on_training(small: Dataset, quick: Config) -> None:
    other = replace(small, test_images=255 - small.test_images)
    first, second = Trainer(small, quick), Trainer(other, quick)
    assert advance(first, 10) == advance(second, 10)
    assert all(map(torch.equal, first.model.parameters(), second.model.parameters()))


def test_snapshot_is_unaffected_by_later_training(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    snapshot = trainer.snapshot()
    codes, reconstructions = snapshot.codes.copy(), snapshot.examples.reconstructions.copy()
    advance(trainer, 5)
    trainer.change(bottleneck=2)
    assert (snapshot.step, len(snapshot.history), snapshot.edits) == (3, 3, ())
    assert np.array_equal(snapshot.codes, codes)
    assert np.array_equal(snapshot.examples.reconstructions, reconstructions)
    later = trainer.snapshot()
    assert (later.step, later.epoch, later.codes.shape) == (8, 2.0, (160, 2))


def test_taking_snapshots_does_not_affect_training(small: Dataset, quick: Config) -> None:
    observed, unobserved = Trainer(small, quick), Trainer(small, quick)
    for _ in range(6):
        observed.step()
        observed.snapshot()
        unobserved.step()
    same(observed, unobserved)


def test_snapshot_contains_the_requested_examples(small: Dataset, quick: Config) -> None:
    shown = Trainer(small, quick).snapshot(np.array([3, 1])).examples
    assert shown.indices.tolist() == [3, 1]
    assert np.allclose(shown.originals, small.test_images[[3, 1]] / 255)
