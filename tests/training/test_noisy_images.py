import numpy as np
import pytest

from aecore.applications import filters
from aecore.applications.denoising import add_noise, training_pairs
from aecore.config import Config
from aecore.data import Dataset
from aecore.metrics.pca import pca
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import tensor
from aecore.training.noisy_images import NoisyImages
from aecore.training.seeding import generator


def noisy_images(digits: Dataset, kind: str = "gaussian", level: float = 0.3) -> NoisyImages:
    return NoisyImages(digits.test_images, digits.images, pca(digits.images), kind, level)


@pytest.mark.parametrize("kind", ["gaussian", "masking", "salt_and_pepper"])
def test_noise_and_errors_are_always_the_same(digits: Dataset, kind: str) -> None:
    first, second = noisy_images(digits, kind), noisy_images(digits, kind)
    assert first.noisy.tobytes() == second.noisy.tobytes()
    assert first.pca_error == second.pca_error
    assert first.noisy.shape == digits.test_images.shape
    assert 0 < first.pca_error < np.square(first.noisy - digits.test_images / 255).mean()


def test_error_is_that_of_clean_images_reconstructed_from_noisy_ones(digits: Dataset) -> None:
    images = noisy_images(digits)
    config = Config(hidden="8", linear_path=False)
    model = Autoencoder(digits.shape, config, generator=generator(0, "weights"))
    output = model(tensor(images.noisy)).detach().clamp(0, 1).numpy()
    output = output.reshape(images.noisy.shape)
    expected = np.square(output - digits.test_images / 255).mean()
    assert images.error(model) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("level", [0.1, 0.3, 0.7])
def test_error_of_pca_is_that_of_the_denoise_page(digits: Dataset, level: float) -> None:
    pairs = training_pairs(digits.images, "gaussian", level)
    fitted = filters.fit(pairs, pca(digits.images))
    noisy = add_noise(digits.test_images, "gaussian", level)
    expected = np.square(fitted["pca"].apply(noisy) - digits.test_images / 255).mean()
    assert noisy_images(digits, level=level).pca_error == pytest.approx(expected, rel=0.03)


def test_few_images(small: Dataset) -> None:
    few = small.images[:3]
    images = NoisyImages(small.test_images[:2], few, pca(few), "masking", 1.0)
    assert not images.noisy.any()
    assert np.isfinite(images.pca_error)
