import numpy as np
import pytest
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from aecore.data import Dataset
from aecore.metrics import pca as pca_module
from aecore.metrics.pca import is_exact, pca


def flatten(images: np.ndarray) -> np.ndarray:
    result: np.ndarray = images.reshape(len(images), -1) / 255
    return result


def test_components_variances_and_errors_match_scikit_learn(digits: Dataset) -> None:
    ours, theirs = pca(digits.images), PCA(20).fit(flatten(digits.images))
    assert np.allclose(ours.mean, theirs.mean_)
    cosines = (ours.components[:20] * theirs.components_).sum(1)
    assert np.allclose(np.abs(cosines), 1, atol=1e-6)
    count = len(digits.images)
    assert np.allclose(ours.variances[:20], theirs.explained_variance_ * (count - 1) / count)
    expected = theirs.inverse_transform(theirs.transform(flatten(digits.test_images)))
    assert np.allclose(ours.reconstruct(digits.test_images, 20), expected, atol=1e-8)
    error = np.square(expected - flatten(digits.test_images)).mean()
    assert ours.error(digits.test_images, 20) == pytest.approx(error)
    clamped = np.square(expected.clip(0, 1) - flatten(digits.test_images)).mean()
    assert ours.error(digits.test_images, 20, clamped=True) == pytest.approx(clamped)
    assert clamped < error


def test_components_are_orthonormal_with_determined_signs(digits: Dataset) -> None:
    axes = pca(digits.images).components
    assert np.allclose(axes @ axes.T, np.eye(64), atol=1e-10)
    assert (axes[np.arange(64), np.abs(axes).argmax(1)] > 0).all()


def test_error_falls_with_more_components_and_vanishes_with_all(digits: Dataset) -> None:
    components = pca(digits.images)
    errors = [components.error(digits.test_images, count) for count in (1, 2, 8, 32, 64, 100)]
    assert errors[:5] == sorted(errors[:5], reverse=True)
    assert errors[-2:] == pytest.approx([0, 0], abs=1e-20)


def test_pca_is_exact_once_the_bottleneck_reaches_the_rank(digits: Dataset) -> None:
    components = pca(digits.images)
    # Three of the 64 pixels are always black.
    assert [is_exact(components.error(digits.test_images, d)) for d in (32, 50, 64, 256)] == [
        *(False, False),
        *(True, True),
    ]
    assert not is_exact(1 / 255**2)


def test_components_are_bit_identical_for_any_thread_count() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5000, 10, 10), np.uint8)
    fits = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            fits.append(pca(images))
    assert fits[0].components.tobytes() == fits[1].components.tobytes()
    assert fits[0].variances.tobytes() == fits[1].variances.tobytes()
    assert fits[0].mean.tobytes() == fits[1].mean.tobytes()


def test_hand_computed_example() -> None:
    images = np.array([[[0, 0]], [[255, 0]], [[0, 0]], [[255, 0]]], np.uint8)
    components = pca(images)
    assert np.allclose(components.mean, [0.5, 0])
    assert np.allclose(components.components, np.eye(2))
    assert np.allclose(components.variances, [0.25, 0])
    other = np.array([[[0, 255]]], np.uint8)
    assert np.allclose(components.reconstruct(other, 1), [[0, 0]])
    assert components.error(other, 1) == pytest.approx(0.5)
    assert components.error(images, 1) == pytest.approx(0)


@pytest.mark.parametrize("count", [1, 3])
def test_low_rank_data(count: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, 4, 4), np.uint8)
    components = pca(images)
    assert np.isfinite(components.components).all()
    assert components.variances.min() >= 0
    assert (components.variances > 1e-12).sum() == count - 1
    assert components.error(images, count - 1) == pytest.approx(0, abs=1e-12)


def test_identical_images() -> None:
    components = pca(np.full((7, 3, 3), 90, np.uint8))
    assert not components.variances.round(12).any()
    assert np.isfinite(components.components).all()


def test_processing_in_chunks_gives_the_same_result(
    monkeypatch: pytest.MonkeyPatch, digits: Dataset
) -> None:
    unchunked = pca(digits.images)
    errors = unchunked.error(digits.images, 8)
    monkeypatch.setattr(pca_module, "CHUNK", 100)
    assert pca(digits.images).components.tobytes() == unchunked.components.tobytes()
    assert unchunked.error(digits.images, 8) == pytest.approx(errors)


def test_few_large_images_give_the_same_components(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 20, 25), np.uint8)
    others = rng.integers(0, 256, (9, 20, 25), np.uint8)
    expected = pca(images)
    monkeypatch.setattr(pca_module, "MOST_PIXELS", 100)
    few = pca(images)
    assert few.components.shape == (59, 500)
    assert np.allclose(few.mean, expected.mean)
    assert np.allclose(few.variances, expected.variances[:59])
    assert np.allclose(few.components, expected.components[:59], atol=1e-9)
    assert few.error(others, 10) == pytest.approx(expected.error(others, 10))
    with threadpool_limits(2):
        assert pca(images).components.tobytes() == few.components.tobytes()


def test_few_identical_large_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pca_module, "MOST_PIXELS", 100)
    components = pca(np.full((7, 20, 25), 90, np.uint8))
    assert not components.variances.round(12).any()
    assert np.isfinite(components.components).all()
