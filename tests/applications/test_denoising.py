from pathlib import Path

import numpy as np
import pytest

from aecore.applications import denoising
from aecore.config import Config
from aecore.data import Dataset
from aecore.network.autoencoder import Autoencoder
from aecore.runs.trained_model import TrainedModel
from aecore.training.seeding import generator
from tests.support import trained


@pytest.fixture
def network(tmp_path: Path, digits: Dataset) -> TrainedModel:
    config = Config(
        dataset="digits",
        hidden="64",
        bottleneck=24,
        noise_kind="gaussian",
        noise=0.3,
        batch_size=32,
        epochs=12,
    )
    trained(tmp_path / "run", digits, config, steps=500)
    return TrainedModel.open(tmp_path / "run", digits)


def test_network_trained_on_noisy_images_removes_noise(network: TrainedModel) -> None:
    rows = denoising.compare(network, network.dataset.test_images[:100], "gaussian", [0.3])
    psnr = {row.method: row.psnr for row in rows}
    ssim = {row.method: row.ssim for row in rows}
    assert set(psnr) == set(denoising.METHODS)
    assert psnr["autoencoder"] > psnr["noisy"] + 3
    assert psnr["wiener"] > psnr["noisy"]
    assert ssim["autoencoder"] > ssim["noisy"]
    assert all(row.noise == 0.3 for row in rows)


def test_filters_are_fitted_to_every_training_image() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10_100, 2, 2), np.uint8)
    changed = images.copy()
    changed[10_050:] = 255 - changed[10_050:]

    def denoised(training: np.ndarray) -> np.ndarray:
        labels = np.zeros(len(training), np.int64)
        dataset = Dataset("tiny", training, labels, images[:50], labels[:50], ("a",))
        config = Config(dataset="tiny", hidden="4", bottleneck=2, validation_images=0)
        model = Autoencoder((2, 2), config, generator=generator(0, "weights"))
        network = TrainedModel("x", 0, config, model, dataset)
        assert len(network.images) == len(training)
        noisy = denoising.add_noise(images[:50], "gaussian", 0.3)
        return denoising.fit(network, "gaussian", 0.3)["wiener"].apply(noisy)

    assert np.array_equal(denoised(images), denoised(images.copy()))
    assert not np.array_equal(denoised(images), denoised(changed))


def test_training_pairs_cover_all_images_with_noise_of_their_own(digits: Dataset) -> None:
    pairs = list(denoising.training_pairs(digits.images, "gaussian", 0.2))
    assert [len(clean) for clean, _ in pairs] == [1000, 438]
    clean, noisy = (np.concatenate(each) for each in zip(*pairs, strict=True))
    assert clean == pytest.approx(digits.images / 255, abs=1e-6)
    assert not np.array_equal(noisy[:50], denoising.add_noise(digits.images[:50], "gaussian", 0.2))
    repeated = np.resize(digits.images[:1], (2000, *digits.shape))
    first, second = (noisy for _, noisy in denoising.training_pairs(repeated, "gaussian", 0.2))
    assert not np.array_equal(first, second)


def test_noise_is_determined_by_the_seed(digits: Dataset) -> None:
    images = digits.test_images[:5]
    first, second = (denoising.add_noise(images, "masking", 0.5, seed=3) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, denoising.add_noise(images, "masking", 0.5, seed=4))
    assert first.max() <= 1
