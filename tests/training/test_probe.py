import numpy as np
import pytest
import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.metrics import pca
from aecore.network import inference
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import encode, tensor
from aecore.training import probe
from aecore.training.noisy_images import NoisyImages
from aecore.training.probe import Probe, choose_examples
from aecore.training.seeding import generator
from aecore.training.subset import training_subset


@pytest.fixture
def model(digits: Dataset) -> Autoencoder:
    config = Config(hidden="8", linear_path=False)
    return Autoencoder(digits.shape, config, generator=generator(0, "weights"))


def probe_of(dataset: Dataset) -> Probe:
    return Probe(dataset, training_subset(dataset, Config()))


def test_images_become_rows_between_0_and_1() -> None:
    rows = tensor(np.array([[[0, 255], [51, 102]]], np.uint8))
    assert torch.allclose(rows, torch.tensor([[0, 1, 0.2, 0.4]]))


def test_error_is_that_of_clamped_reconstructions(digits: Dataset, model: Autoencoder) -> None:
    images = digits.test_images
    x = tensor(images)
    with torch.no_grad():
        last = model.decoder[-1]
        assert isinstance(last, torch.nn.Linear)
        last.bias.add_(3)
        expected = (model(x).clamp(0, 1) - x).square().mean().item()
    assert inference.error(model, images) == pytest.approx(expected, rel=1e-5)


def test_processing_in_chunks_gives_the_same_result(
    digits: Dataset, model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, error = encode(model, digits.images), inference.error(model, digits.images)
    monkeypatch.setattr(inference, "CHUNK", 100)
    assert np.allclose(encode(model, digits.images), codes, atol=1e-6)
    assert inference.error(model, digits.images) == pytest.approx(error)


def test_probe_set_is_filled_with_training_images_and_always_equal(
    digits: Dataset, small: Dataset
) -> None:
    first, second = probe_of(digits), probe_of(digits)
    assert len(first.images) == len(first.labels) == len(digits.test_images) + len(digits.images)
    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.labels[: len(digits.test_labels)], digits.test_labels)
    assert len(probe_of(small).labels) == 160


def test_probe_set_of_a_large_dataset_has_only_held_out_images() -> None:
    images = np.zeros((10, 2, 2), np.uint8)
    many = np.zeros((2500, 2, 2), np.uint8)
    dataset = Dataset("x", images, np.zeros(10, int), many, np.full(2500, 7), ())
    assert probe_of(dataset).labels.tolist() == [7] * probe.PROBE_SIZE


def test_pca_is_fitted_once_to_the_training_subset(digits: Dataset) -> None:
    subset = training_subset(digits, Config(train_size=200))
    probe_set = Probe(digits, subset)
    assert Probe(digits, subset).pca is probe_set.pca
    assert Probe(digits, training_subset(digits, Config(train_size=300))).pca is not probe_set.pca
    expected = pca.pca(digits.images[:200]).error(digits.images[-143:], 8, clamped=True)
    assert probe_set.pca_error(Config(bottleneck=8)) == expected
    assert probe_set.pca_error(Config(bottleneck=8, noise_kind="none", noise=0.3)) == expected


def test_with_noise_both_errors_are_of_the_same_noisy_images(
    digits: Dataset, model: Autoencoder
) -> None:
    probe_set, config = probe_of(digits), Config(noise=0.3)
    training, validation = digits.images[:-143], digits.images[-143:]
    noisy = NoisyImages(validation, training, probe_set.pca, "gaussian", 0.3)
    assert probe_set.error(model, config) == noisy.error(model)
    assert probe_set.error(model, config) != inference.error(model, validation)
    # The number of components suits the noise, not the code.
    assert probe_set.pca_error(config) == noisy.pca_error
    assert probe_set.pca_error(config.changed(bottleneck=2)) == noisy.pca_error


def test_errors_do_not_depend_on_what_was_measured_before(
    digits: Dataset, model: Autoencoder
) -> None:
    levels = [0.1, 0.2, 0.3, 0.4, 0.1]
    configs = [Config(noise=level, noise_kind="masking") for level in levels]
    once = [probe_of(digits).error(model, config) for config in configs]
    probe_set = probe_of(digits)
    assert [probe_set.error(model, config) for config in configs] == once
    assert len(probe_set._noisy_images) == probe.NOISES


def test_errors_are_those_of_validation_images(digits: Dataset, model: Autoencoder) -> None:
    validation, test = digits.images[-143:], digits.test_images
    for count, images in ((1000, validation), (0, test)):
        subset = training_subset(digits, Config(validation_images=count))
        probe_set = Probe(digits, subset)
        assert probe_set.error(model, Config()) == inference.error(model, images)
        expected = pca.pca(subset.images).error(images, 8, clamped=True)
        assert probe_set.pca_error(Config(bottleneck=8)) == expected


def test_examples_cover_all_classes_evenly(digits: Dataset) -> None:
    chosen = choose_examples(digits)
    assert digits.test_labels[chosen].tolist() == list(range(10))
    twice = choose_examples(digits, count=20)
    assert digits.test_labels[twice].tolist() == sorted([*range(10)] * 2)


def test_each_draw_gives_its_own_examples(digits: Dataset) -> None:
    draws = [choose_examples(digits, draw=draw).tolist() for draw in (0, 1, 1, 2)]
    assert draws[1] == draws[2]
    assert len({tuple(each) for each in draws}) == 3


def test_examples_of_one_class(digits: Dataset) -> None:
    chosen = choose_examples(digits, label=4, draw=3)
    assert set(digits.test_labels[chosen]) == {4}
    assert len(set(chosen)) == 10


def test_examples_of_a_missing_class_are_rejected(digits: Dataset) -> None:
    with pytest.raises(LabError, match="No held-out image has the label 11; choose another"):
        choose_examples(digits, label=11)


def test_without_labels_the_first_images_are_chosen(digits: Dataset) -> None:
    unknown = Dataset("x", digits.images, digits.labels, digits.test_images, np.full(359, -1), ())
    assert choose_examples(unknown).tolist() == list(range(10))


def test_examples_have_the_same_noise_each_time(digits: Dataset, model: Autoencoder) -> None:
    config = Config(noise=0.4)
    first, second = (probe_of(digits).examples(model, config) for _ in range(2))
    assert np.array_equal(first.corrupted, second.corrupted)
    assert not np.array_equal(first.corrupted, first.originals)
    assert first.originals.shape == first.reconstructions.shape == (10, 8, 8)
    assert np.array_equal(first.labels, digits.test_labels[first.indices])
    for each in (first.originals, first.corrupted, first.reconstructions):
        assert each.min() >= 0
        assert each.max() <= 1
    clean = probe_of(digits).examples(model, Config(), np.array([5, 3]))
    assert np.array_equal(clean.corrupted, clean.originals)
    assert np.allclose(clean.originals, digits.test_images[[5, 3]] / 255)
