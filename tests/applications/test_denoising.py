from pathlib import Path

import numpy as np
import pytest

from aecore.applications import denoising
from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.trained_model import TrainedModel
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


def test_noise_is_determined_by_the_seed(digits: Dataset) -> None:
    images = digits.test_images[:5]
    first, second = (denoising.add_noise(images, "masking", 0.5, seed=3) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, denoising.add_noise(images, "masking", 0.5, seed=4))
    assert first.max() <= 1
