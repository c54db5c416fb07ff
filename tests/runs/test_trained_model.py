from pathlib import Path

import numpy as np
import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs.run import Run
from aecore.runs.trained_model import TrainedModel
from tests.support import trained


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def test_opened_model_is_the_trained_network(folder: Path, small: Dataset, quick: Config) -> None:
    trainer = trained(folder, small, quick)
    network = TrainedModel.open(folder, small)
    assert (network.name, network.step, network.config) == ("kept", 10, quick)
    codes = network.encode(small.test_images)
    assert np.array_equal(
        codes[: len(trainer.snapshot().codes)], trainer.snapshot().codes[: len(codes)]
    )
    assert network.reconstruct(small.test_images).shape == small.test_images.shape
    assert (
        0
        <= network.reconstruct(small.test_images).min()
        <= network.reconstruct(small.test_images).max()
        <= 1
    )


def test_opened_model_has_the_bottleneck_changed_during_training(
    folder: Path, small: Dataset, quick: Config
) -> None:
    run = Run.create(folder, quick)
    trainer = run.start(small)
    trainer.change(bottleneck=quick.bottleneck + 1)
    run.save(trainer)
    run.release()
    network = TrainedModel.open(folder, small)
    assert network.config.bottleneck == network.encode(small.test_images).shape[1]
    assert network.config.bottleneck == quick.bottleneck + 1


def test_models_from_snapshot_and_from_disk_agree(
    folder: Path, small: Dataset, quick: Config
) -> None:
    snapshot = trained(folder, small, quick).snapshot()
    from_snapshot, from_disk = (
        TrainedModel.from_snapshot(snapshot, small, "kept"),
        TrainedModel.open(folder, small),
    )
    assert np.allclose(
        from_snapshot.reconstruct(small.test_images),
        from_disk.reconstruct(small.test_images),
        atol=1e-6,
    )


def test_pca_is_fitted_to_the_training_images(folder: Path, small: Dataset, quick: Config) -> None:
    trained(folder, small, quick)
    network = TrainedModel.open(folder, small)
    assert len(network.images) == len(small.images) - len(small.images) // 10
    assert np.allclose(
        network.pca.mean, network.images.reshape(len(network.images), -1).mean(0) / 255
    )


def test_folder_that_is_not_a_run_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="missing"):
        TrainedModel.open(tmp_path)


def test_image_that_pca_reconstructs_exactly_has_no_error(folder: Path, digits: Dataset) -> None:
    trained(folder, digits, Config(dataset="digits", hidden="8", bottleneck=128), 1)
    network = TrainedModel.open(folder, digits)
    pixels = digits.test_images.reshape(len(digits.test_images), -1) / np.float32(255)
    reconstruction = network.pca_reconstruct(digits.test_images)
    # Rounding alone would leave some.
    assert np.array_equal(reconstruction, pixels.astype(np.float64))
    assert not np.array_equal(network.pca.reconstruct(digits.test_images, 64).clip(0, 1), pixels)
