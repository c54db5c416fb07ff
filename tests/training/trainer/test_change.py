from typing import Any

import numpy as np
import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.knob import Knob, knobs
from aecore.network.inference import encode
from aecore.training.trainer import Trainer
from tests.support import LAYERED, advance, same

KNOBS = knobs(Config)


def other_value(knob: Knob, config: Config) -> Any:
    """Return a value that differs from the current one and is valid with all other settings."""
    now = getattr(config, knob.name)
    if knob.choices:
        return next(c for c in knob.choices if c not in (now, "kl"))
    if knob.kind == "integer":
        return now + 3
    assert knob.high is not None
    return now / 2 if now else knob.high / 20


@pytest.mark.parametrize("name", [name for name, knob in KNOBS.items() if knob.live])
def test_every_live_knob_can_change_during_training(
    small: Dataset, quick: Config, name: str
) -> None:
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
    resumed = Trainer(small, quick, state=trainer.state())
    advance(trainer, 2)
    advance(resumed, 2)
    same(trainer, resumed)


@pytest.mark.parametrize("name", [name for name, knob in KNOBS.items() if not knob.live])
def test_other_knobs_need_a_new_run(small: Dataset, quick: Config, name: str) -> None:
    trainer = Trainer(small, quick.changed(linear_path=False))
    knob = KNOBS[name]
    now = getattr(trainer.config, name)
    value = {"switch": not now, "text": "7"}.get(knob.kind) or other_value(knob, trainer.config)
    with pytest.raises(LabError, match=f"{name} cannot change during training; start a new run"):
        trainer.change(**{name: value, "noise": 0.7})
    assert trainer.config.noise == 0.1
    assert trainer.edits == []


def test_invalid_change_has_no_effect(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    with pytest.raises(LabError, match="bottleneck is 0; choose a whole number, 1 to 1,024"):
        trainer.change(noise=0.5, bottleneck=0)
    with pytest.raises(LabError, match="set code_activation to sigmoid"):
        trainer.change(sparsity_kind="kl")
    assert trainer.config == quick


def test_change_to_the_current_value_is_not_recorded(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    trainer.change(noise=0.1, bottleneck=4)
    assert trainer.edits == []


def test_change_takes_effect_at_the_next_step(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(schedule="constant", epochs=50))
    trainer.change(learning_rate=0.02)
    assert advance(trainer, 1)[0]["learning_rate"] == 0.02
    trainer.change(sparsity_kind="top_k", active_units=2)
    codes = encode(trainer.model, small.images)
    assert ((codes != 0).sum(1) == 2).all()
    trainer.change(sparsity_kind="none")
    assert (encode(trainer.model, small.images) != 0).all()


def test_momentum_can_be_enabled_during_training(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(optimizer="sgd", momentum=0))
    advance(trainer, 3)
    trainer.change(momentum=0.9)
    advance(trainer, 3)
    assert any(name.endswith("momentum_buffer") for name in trainer.state().tensors)


def test_bottleneck_can_change_during_pretraining(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick.changed(**LAYERED))
    advance(trainer, 2)
    trainer.change(bottleneck=2)
    advance(trainer, 4)
    trainer.change(bottleneck=6)
    advance(trainer, 10)
    assert trainer.history[-1]["stage"] == 0
    assert trainer.snapshot().codes.shape == (160, 6)
