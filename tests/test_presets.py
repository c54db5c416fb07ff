import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.presets import PRESETS, preset
from aecore.training.trainer import Trainer


@pytest.mark.parametrize("dataset", ["digits", "strokes", "mnist", "fashion_mnist"])
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_sets_its_values(name: str, dataset: str) -> None:
    config = preset(name, dataset)
    assert config.dataset == dataset
    for knob, value in PRESETS[name].values.items():
        if not (dataset == "digits" and knob in ("batch_size", "epochs")):
            assert getattr(config, knob) == value, knob


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains_on_digits(name: str, digits: Dataset) -> None:
    trainer = Trainer(digits, preset(name, hidden="8", precision="float32"))
    rows = [trainer.step() for _ in range(3)]
    assert all(row is not None and row["train"] < 1 for row in rows)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_label_and_a_description(name: str) -> None:
    assert PRESETS[name].label.text[0].isupper()
    assert PRESETS[name].description.text.endswith(".")


def test_stacked_is_the_default() -> None:
    assert preset("stacked", "mnist") == Config(dataset="mnist")


def test_explicit_values_override_preset_and_dataset() -> None:
    config = preset("two_dimensional", bottleneck=3, batch_size=7)
    assert (config.bottleneck, config.batch_size) == (3, 7)


def test_unknown_preset_is_rejected() -> None:
    with pytest.raises(LabError, match="preset is 'x'; choose one of stacked, two_dimensional"):
        preset("x")


def test_invalid_value_is_rejected() -> None:
    with pytest.raises(LabError, match="bottleneck is 0"):
        preset("sparse", bottleneck=0)
