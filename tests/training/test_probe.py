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
from aecore.training.probe import Probe, choose_examples
from aecore.training.seeding import generator
from aecore.training.subset import training_subset


@pytest.fixture
def model(digits: Dataset) -> Autoencoder:
    config = Config(hidden="8", linear_path=False)
    return Autoencoder(digits.shape, config, generator=generator(0, "weights"))


def test_images_become_rows_between_nothing_and_one() -> None:
    found = tensor(np.array([[[0, 255], [51, 102]]], np.uint8))
    assert torch.allclose(found, torch.tensor([[0, 1, 0.2, 0.4]]))


def test_the_error_is_of_clamped_reconstructions(digits: Dataset, model: Autoencoder) -> None:
    images = digits.test_images
    x = tensor(images)
    with torch.no_grad():
        last = model.decoder[-1]
        assert isinstance(last, torch.nn.Linear)
        last.bias.add_(3)
        wanted = (model(x).clamp(0, 1) - x).square().mean().item()
    assert inference.error(model, images) == pytest.approx(wanted, rel=1e-5)


def test_parts_make_no_difference(
    digits: Dataset, model: Autoencoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, error = encode(model, digits.images), inference.error(model, digits.images)
    monkeypatch.setattr(inference, "CHUNK", 100)
    assert np.allclose(encode(model, digits.images), codes, atol=1e-6)
    assert inference.error(model, digits.images) == pytest.approx(error)


def test_the_probe_set_is_filled_up_and_always_the_same(digits: Dataset, small: Dataset) -> None:
    one, other = Probe(digits, digits), Probe(digits, digits)
    assert len(one.images) == len(one.labels) == len(digits.test_images) + len(digits.images)
    assert np.array_equal(one.images, other.images)
    assert np.array_equal(one.labels[: len(digits.test_labels)], digits.test_labels)
    assert len(Probe(small, small).labels) == 160


def test_a_large_data_set_gives_held_out_images_only() -> None:
    images = np.zeros((10, 2, 2), np.uint8)
    many = np.zeros((2500, 2, 2), np.uint8)
    dataset = Dataset("x", images, np.zeros(10, int), many, np.full(2500, 7), ())
    assert Probe(dataset, dataset).labels.tolist() == [7] * probe.PROBE_SIZE


def test_pca_is_fitted_once_to_the_images_learnt_from(digits: Dataset) -> None:
    few = training_subset(digits, Config(train_size=200))
    one = Probe(digits, few)
    assert Probe(digits, few).pca is one.pca
    assert Probe(digits, training_subset(digits, Config(train_size=300))).pca is not one.pca
    wanted = pca.pca(digits.images[:200]).error(digits.test_images, 8, clamped=True)
    assert one.pca_error(8) == wanted == one.pca_error(8)


def test_examples_of_each_class_in_turn(digits: Dataset) -> None:
    chosen = choose_examples(digits)
    assert digits.test_labels[chosen].tolist() == list(range(10))
    twice = choose_examples(digits, count=20)
    assert digits.test_labels[twice].tolist() == sorted([*range(10)] * 2)


def test_another_draw_shows_others(digits: Dataset) -> None:
    draws = [choose_examples(digits, draw=draw).tolist() for draw in (0, 1, 1, 2)]
    assert draws[1] == draws[2]
    assert len({tuple(each) for each in draws}) == 3


def test_examples_of_one_class(digits: Dataset) -> None:
    chosen = choose_examples(digits, label=4, draw=3)
    assert set(digits.test_labels[chosen]) == {4}
    assert len(set(chosen)) == 10


def test_a_class_that_is_not_there(digits: Dataset) -> None:
    with pytest.raises(LabError, match="No held-out image has the label 11; choose another"):
        choose_examples(digits, label=11)


def test_without_labels_the_first_are_shown(digits: Dataset) -> None:
    unknown = Dataset("x", digits.images, digits.labels, digits.test_images, np.full(359, -1), ())
    assert choose_examples(unknown).tolist() == list(range(10))


def test_examples_carry_the_same_noise_each_time(digits: Dataset, model: Autoencoder) -> None:
    config = Config(noise=0.4)
    one, other = (Probe(digits, digits).examples(model, config) for _ in range(2))
    assert np.array_equal(one.corrupted, other.corrupted)
    assert not np.array_equal(one.corrupted, one.originals)
    assert one.originals.shape == one.reconstructions.shape == (10, 8, 8)
    assert np.array_equal(one.labels, digits.test_labels[one.indices])
    for each in (one.originals, one.corrupted, one.reconstructions):
        assert each.min() >= 0
        assert each.max() <= 1
    clean = Probe(digits, digits).examples(model, Config(), np.array([5, 3]))
    assert np.array_equal(clean.corrupted, clean.originals)
    assert np.allclose(clean.originals, digits.test_images[[5, 3]] / 255)
