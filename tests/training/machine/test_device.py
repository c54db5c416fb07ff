"""The device that a network is trained on."""

from collections.abc import Mapping

import pytest
import torch

from aecore.choices.device import DEVICES
from aecore.choices.noise import NOISE_KINDS
from aecore.choices.sparsity import SPARSITY_KINDS
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import ConfigError
from aecore.network.autoencoder import Autoencoder
from aecore.training import objective
from aecore.training.checkpoint import State
from aecore.training.machine import device
from aecore.training.trainer import Trainer
from tests.support import advance, same

ACCELERATORS = device.available()[1:]
SHAPE = (8, 8)


def having(monkeypatch: pytest.MonkeyPatch, seconds: Mapping[str, float]) -> None:
    """Pretend that the machine has some devices, on which a step takes some time."""
    monkeypatch.setattr(device, "available", lambda: tuple(seconds))
    monkeypatch.setattr(device, "step_seconds", lambda _config, _shape, name: seconds[name])


def test_processor_comes_first_and_auto_is_no_device() -> None:
    assert device.available()[0] == "cpu"
    assert "auto" not in device.available()


def test_only_device_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, {"cpu": 1.0})
    monkeypatch.setattr(device, "step_seconds", None)
    assert device.choose(Config(), SHAPE) == "cpu"


@pytest.mark.parametrize("seconds", [{"cpu": 1.0, "mps": 2.0}, {"cpu": 2.0, "mps": 1.0}])
def test_auto_is_the_fastest_device(
    seconds: Mapping[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    having(monkeypatch, seconds)
    assert device.choose(Config(), SHAPE) == min(seconds, key=lambda name: seconds[name])
    assert device.choose(Config(device="cpu"), SHAPE) == "cpu"
    assert device.choose(Config(device="mps"), SHAPE) == "mps"


def test_run_stays_on_its_device_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, {"cpu": 2.0, "mps": 1.0})
    assert device.choose(Config(), SHAPE, "cpu") == "cpu"
    assert device.choose(Config(device="cuda"), SHAPE, "cuda") == "mps"


def test_missing_device_is_named_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, {"cpu": 1.0})
    with pytest.raises(ConfigError, match=r"device is CUDA, .* choose one of auto, cpu\."):
        device.choose(Config(device="cuda"), SHAPE)


def test_step_is_measured() -> None:
    assert 0 < device.step_seconds(Config(hidden="16", batch_size=8), SHAPE, "cpu") < 10


def test_run_of_a_missing_device_continues_on_another(small: Dataset, quick: Config) -> None:
    trainer = Trainer(small, quick)
    advance(trainer, 3)
    state = trainer.state()
    assert state.facts["device"] == trainer.device
    missing = next(name for name in ("cuda", "mps") if name not in device.available())
    facts = {**state.facts, "device": missing, "products": "bfloat16"}
    resumed = Trainer(small, quick, state=State(state.tensors, facts, state.history))
    assert resumed.device in device.available()
    advance(resumed, 3)
    assert resumed.history[-1]["held_out"] > 0


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
@pytest.mark.parametrize("sparsity_kind", SPARSITY_KINDS)
def test_loss_is_computed_on_the_device(architecture: str, sparsity_kind: str) -> None:
    # The device of torch that has no memory refuses what is in that of the processor.
    config = Config(
        architecture=architecture,
        hidden="8-16",
        sparsity=0.1,
        sparsity_kind=sparsity_kind,
        code_activation="sigmoid",
        linear_path=False,
        active_units=4,
    )
    model = Autoencoder(SHAPE, config, generator=torch.Generator()).to("meta")
    images = torch.empty(5, 64, device="meta")
    loss = objective.loss(model, images, images, config).total
    assert loss.device.type == "meta"
    gradients = torch.autograd.grad(loss, [*model.parameters()], allow_unused=True)
    assert {each.device.type for each in gradients if each is not None} == {"meta"}


@pytest.mark.skipif(not ACCELERATORS, reason="this machine has no accelerator that torch can use")
@pytest.mark.parametrize("name", ACCELERATORS or ["none"])
class TestAccelerator:
    """Training on each accelerator of this machine."""

    @pytest.mark.parametrize("noise_kind", NOISE_KINDS)
    def test_error_falls_as_on_the_processor(
        self, small: Dataset, quick: Config, name: str, noise_kind: str
    ) -> None:
        config = quick.changed(noise=0.2, noise_kind=noise_kind, precision="float32")
        errors = []
        for each in ("cpu", name):
            trainer = Trainer(small, config.changed(device=each))
            trainer.train()
            errors.append(trainer.history[-1]["held_out"])
        assert errors[1] == pytest.approx(errors[0], rel=0.05)

    def test_run_resumes_bit_for_bit(self, small: Dataset, quick: Config, name: str) -> None:
        config = quick.changed(device=name)
        whole, first = Trainer(small, config), Trainer(small, config)
        advance(whole, 8)
        advance(first, 4)
        second = Trainer(small, config, state=first.state())
        assert second.device == name
        advance(second, 4)
        same(whole, second)

    def test_bottleneck_is_resized(self, small: Dataset, quick: Config, name: str) -> None:
        trainer = Trainer(small, quick.changed(device=name, bottleneck=4))
        advance(trainer, 4)
        trainer.change(bottleneck=6)
        trainer.change(bottleneck=3)
        advance(trainer, 4)
        assert trainer.snapshot().codes.shape[1] == 3
        assert trainer.model.device.type == name


def test_every_device_is_known_to_torch() -> None:
    for name in set(DEVICES) - {"auto"}:
        assert torch.device(name).type == name
