import numpy as np
import pytest

from aecore.data import Dataset
from aecore.metrics import pca_denoiser
from aecore.metrics.pca import pca
from aecore.metrics.pca_denoiser import PCADenoiser, fit


def pair(images: np.ndarray, level: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Return images in [0, 1] and noisy copies."""
    clean = (images / 255).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, level, clean.shape)
    return clean, (clean + noise).clip(0, 1).astype(np.float32)


def test_number_of_components_has_the_least_error_on_training_images(digits: Dataset) -> None:
    components = pca(digits.images)
    clean, noisy = pair(digits.images[:500])
    denoiser = fit(clean, noisy, components)
    shift = clean.mean(0) - noisy.mean(0)
    errors = [
        np.square(components.reconstruct(noisy + shift, count).reshape(clean.shape) - clean).mean()
        for count in range(1, 65)
    ]
    assert denoiser.components == int(np.argmin(errors)) + 1
    assert 1 < denoiser.components < 64


def test_error_is_that_of_the_denoised_images(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, noisy = pair(digits.test_images)
    denoiser = fit(*pair(digits.images), pca(digits.images))
    output = denoiser.apply(noisy)
    assert output.shape == noisy.shape
    assert 0 <= output.min() < output.max() <= 1
    expected = np.square(output - clean).mean()
    assert denoiser.error(clean, noisy) == pytest.approx(expected, rel=1e-5)
    assert expected < 0.5 * np.square(noisy - clean).mean()
    monkeypatch.setattr(pca_denoiser, "CHUNK", 100)
    assert denoiser.error(clean, noisy) == pytest.approx(expected, rel=1e-5)


def test_more_noise_leaves_fewer_components(digits: Dataset) -> None:
    components = pca(digits.images)
    counts = [fit(*pair(digits.images, level), components).components for level in (0.05, 0.3, 0.7)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_clipped_noise_does_not_brighten_the_result() -> None:
    clean = np.zeros((50, 4, 4), np.float32)
    clean[:25, 0] = 1
    noisy = (clean + np.random.default_rng(0).normal(0, 0.5, clean.shape)).clip(0, 1)
    noisy = noisy.astype(np.float32)
    output = fit(clean, noisy, pca(clean)).apply(noisy)
    assert output.mean() == pytest.approx(clean.mean(), abs=0.02)
    assert noisy.mean() > clean.mean() + 0.1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_images(count: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, 5, 5), np.uint8)
    denoiser = fit(*pair(images), pca(images))
    assert isinstance(denoiser, PCADenoiser)
    assert np.isfinite(denoiser.apply(pair(images)[1])).all()
