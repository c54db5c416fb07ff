import math
from pathlib import Path

import numpy as np
import pytest
import torch

from aecore import data
from aecore.applications.reconstruction_errors import reconstruction_errors
from aecore.config import Config
from aecore.data import Dataset, Extent, strokes
from aecore.errors import LabError
from aecore.network.autoencoder import Autoencoder
from aecore.presets import PRESETS, SUITED, adapt, closest, preset, preset_for
from aecore.runs.trained_model import TrainedModel
from aecore.training.seeding import generator
from aecore.training.trainer import Trainer


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Add 600 images of 9 by 12 pixels in two classes, of 500 and of 100; return their name."""
    monkeypatch.setenv("AECORE_DATA", str(tmp_path))
    images = np.random.default_rng(0).integers(0, 256, (600, 9, 12), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.repeat(["a", "b"], [500, 100]))
    data.add(tmp_path / "own.npz", "own")
    return "own"


def steps(config: Config, count: int) -> int:
    return math.ceil(count / config.batch_size) * config.epochs


@pytest.mark.parametrize("dataset", ["digits", "strokes", "mnist", "fashion_mnist"])
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_and_sets_its_values(name: str, dataset: str) -> None:
    config = preset(name, dataset)
    assert config.dataset == dataset
    assert {knob: getattr(config, knob) for knob in PRESETS[name].values} == PRESETS[name].values


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_trains_on_digits(name: str, digits: Dataset) -> None:
    trainer = Trainer(digits, preset(name, hidden="8", precision="float32"))
    rows = [trainer.step() for _ in range(3)]
    assert all(row is not None and row["train"] < 1 for row in rows)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_label_and_a_description(name: str) -> None:
    assert PRESETS[name].label.text[0].isupper()
    assert PRESETS[name].description.text.endswith(".")


@pytest.mark.parametrize("count", [100, 480, 1_438, 6_000, 10_000, 60_000])
@pytest.mark.parametrize("name", PRESETS)
def test_small_datasets_get_at_least_two_thousand_steps(name: str, count: int) -> None:
    config = preset_for(Extent(count, 28, 28), name, "x")
    assert 2_000 <= steps(config, count) < 40_000
    assert config.batch_size <= count


def test_the_smallest_datasets_get_as_many_epochs_as_are_allowed() -> None:
    assert preset_for(Extent(1, 8, 8), "classic", "x").epochs == 1000


@pytest.mark.parametrize(
    ("shape", "dense", "convolutional"),
    [
        ((4, 4), "64", "16-32"),
        ((8, 8), "128-64", "16-32"),
        ((16, 16), "256-128-64", "16-32"),
        ((28, 28), "512-256-128", "16-32"),
        ((64, 64), "512-256-128", "8-16-32"),
        ((20, 200), "512-256-128", "8-16-32"),
        ((128, 128), "512-256-128", "8-16-32-64"),
    ],
)
def test_layers_fit_the_size_of_the_images(
    shape: tuple[int, int], dense: str, convolutional: str
) -> None:
    for name, hidden in (("stacked", dense), ("convolutional", convolutional)):
        config = preset_for(Extent(1_000_000, *shape), name, "x", train_size=1_000_000)
        assert config.hidden == hidden
        network = Autoencoder(shape, config, generator=generator(0, "weights"))
        images = torch.zeros(2, math.prod(shape))
        assert network(images).shape == images.shape


def test_few_images_get_one_layer_and_a_low_learning_rate() -> None:
    configs = [
        preset_for(Extent(count, 28, 28), "stacked", "x") for count in (100, 480, 6_000, 60_000)
    ]
    assert [each.hidden for each in configs] == ["128", "128", "256-128", "512-256-128"]
    assert [each.learning_rate for each in configs] == [1e-4, 3e-4, 3e-3, 3e-3]


def test_explicit_values_override_preset_and_images() -> None:
    config = preset("two_dimensional", bottleneck=3, batch_size=7, hidden="", learning_rate=0.1)
    assert (config.bottleneck, config.batch_size, config.hidden) == (3, 7, "")
    assert (config.epochs, config.learning_rate) == (
        preset("stacked", batch_size=7).epochs,
        0.1,
    )


def test_epochs_follow_a_batch_size_that_is_given() -> None:
    small, large = (preset("stacked", batch_size=size) for size in (8, 256))
    assert small.epochs < large.epochs
    assert steps(large, 1_438) >= 2_000


def test_channels_suit_an_architecture_that_is_given() -> None:
    config = preset("stacked", "mnist", architecture="convolutional")
    assert config.hidden == preset("convolutional", "mnist").hidden


@pytest.mark.parametrize("values", [{"classes": "3"}, {"classes": "1, 7", "train_size": 6_000}])
def test_preset_counts_the_chosen_images_only(values: dict[str, object]) -> None:
    config = preset("stacked", "mnist", **values)
    same = preset_for(Extent(6_000, 28, 28), "stacked", "x")
    assert [getattr(config, knob) for knob in SUITED] == [getattr(same, knob) for knob in SUITED]
    assert config.epochs > preset("stacked", "mnist").epochs


def test_preset_suits_the_users_own_images(own: str) -> None:
    for classes, count in (("", 480), ("a", 400), ("b", 80)):
        config = preset("stacked", own, classes=classes)
        same = preset_for(Extent(count, 9, 12), "stacked", own, classes=classes)
        assert config == same
        assert steps(config, count) >= 2_000


def test_unknown_dataset_is_taken_for_one_like_mnist() -> None:
    assert preset("stacked", "nowhere") == preset("stacked", "mnist").changed(dataset="nowhere")


@pytest.mark.parametrize(
    ("name", "classes"), [("stacked", ""), ("denoising", ""), ("denoising", "2")]
)
def test_first_result_on_600_pictures_beats_pca(name: str, classes: str) -> None:
    arrays = strokes.make(480, 500, seed=1)
    images, held_out = arrays["images"], arrays["test_images"]
    labels, test_labels = (arrays[each] % 3 for each in ("labels", "test_labels"))
    dataset = Dataset("own", images, labels, held_out, test_labels, ("0", "1", "2"))
    extent = Extent(160 if classes else 480, 28, 28)
    values = {"bottleneck": 16} if classes else {}
    trainer = Trainer(dataset, preset_for(extent, name, "own", classes=classes, **values))
    trainer.train()
    network = TrainedModel("run", trainer.steps, trainer.config, trainer.model, dataset)
    errors = reconstruction_errors(network)
    if trainer.config.noise and not classes:
        assert errors["noisy_test_mse"] < 0.95 * errors["noisy_pca_mse"]
    else:
        # A detector has a small code on purpose, too small to denoise well.
        assert errors["test_mse"] < 0.95 * errors["pca_mse_clamped"]


@pytest.mark.parametrize(
    ("shape", "bottleneck"),
    [((1, 1), 4), ((8, 8), 32), ((16, 16), 128), ((28, 28), 256), ((64, 64), 256)],
)
def test_code_of_the_denoiser_suits_the_size_of_the_images(
    shape: tuple[int, int], bottleneck: int
) -> None:
    assert preset_for(Extent(60_000, *shape), "denoising", "x").bottleneck == bottleneck
    assert preset_for(Extent(60_000, *shape), "denoising", "x", bottleneck=3).bottleneck == 3


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("dataset", ["digits", "mnist"])
def test_closest_preset_names_what_differs(name: str, dataset: str) -> None:
    config = preset(name, dataset, classes="1", train_size=500, seed=5)
    assert closest(config) == (name, {})
    assert closest(config.changed(noise_kind="masking")) == (name, {"noise_kind": "masking"})


@pytest.mark.parametrize("name", PRESETS)
def test_preset_stays_that_preset_on_another_dataset(name: str) -> None:
    before = preset(name, "digits", classes="3", seed=5, train_size=2_000)
    after = adapt(before, dataset="strokes")
    assert after == preset(name, "strokes", seed=5, train_size=2_000)


def test_another_dataset_keeps_what_the_user_chose_and_nothing_else() -> None:
    chosen = {"epochs": 7, "noise": 0.2, "activation": "relu"}
    before = preset("stacked", "digits", classes="3", **chosen)
    assert adapt(before, dataset="mnist") == preset("stacked", "mnist", **chosen)
    assert adapt(before, dataset="digits") == before


def test_other_classes_change_what_suits_them_and_other_settings_nothing() -> None:
    before = preset("denoising", "digits")
    assert adapt(before, classes="3") == preset("denoising", "digits", classes="3")
    assert adapt(before, batch_size=256) == before.changed(batch_size=256)
    with pytest.raises(LabError, match="classes is"):
        adapt(before, classes=",")


def test_another_architecture_gets_layers_that_suit_it() -> None:
    before = preset("stacked", "mnist", noise=0.1)
    after = adapt(before, architecture="convolutional")
    assert after.hidden == "16-32"
    assert adapt(after, architecture="dense") == before


def test_unknown_preset_is_rejected() -> None:
    with pytest.raises(LabError, match="preset is 'x'; choose one of stacked, two_dimensional"):
        preset("x")


def test_invalid_value_is_rejected() -> None:
    with pytest.raises(LabError, match="bottleneck is 0"):
        preset("sparse", bottleneck=0)
    with pytest.raises(LabError, match="batch_size is 0"):
        preset("stacked", batch_size=0)
