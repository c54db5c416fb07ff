from typing import Any

import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.network.inference import tensor
from aecore.presets import preset
from aecore.training.trainer import Diverged, Trainer
from tests.support import LAYERED, advance, same


def numpys_state() -> str:
    """Say where numpy's global generator stands."""
    return repr(np.random.get_state(legacy=False))  # noqa: NPY002


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


def test_training_is_repeated_step(small: Dataset, quick: Config) -> None:
    one, other = Trainer(small, quick), Trainer(small, quick)
    while not one.finished:
        one.step()
    other.train()
    same(one, other)
    other.train(other.total_steps + 2)
    assert other.steps == other.total_steps + 2


def test_training_ends_where_it_is_told(small: Dataset, quick: Config) -> None:
    trainer, seen = Trainer(small, quick), list[int]()

    def after_step() -> bool:
        seen.append(trainer.steps)
        return len(seen) == 5

    trainer.train(3, after_step)
    assert seen == [1, 2, 3]
    trainer.train(after_step=after_step)
    assert trainer.steps == 5


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


def test_the_error_falls(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(linear_path=False, epochs=40, learning_rate=0.01))
    trainer.train()
    rows = trainer.history
    assert rows[-1]["held_out"] < 0.5 * rows[0]["held_out"]
    assert rows[-1]["train"] < 0.5 * rows[0]["train"]


def test_stacked_is_better_than_pca_on_digits(digits: Dataset) -> None:
    trainer = Trainer(digits, preset("stacked", epochs=8, hidden="128-64", precision="float32"))
    first = trainer.step()
    assert first is not None
    assert first["held_out"] < 1.1 * first["pca"]
    trainer.train()
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
    assert f"Restored to step {trainer.steps}." in said
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
