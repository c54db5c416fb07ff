from pathlib import Path

import numpy as np
import pytest

from aecore.applications.reconstruction_errors import is_pca_better, reconstruction_errors
from aecore.config import Config
from aecore.data import Dataset
from aecore.runs.trained_model import TrainedModel
from tests.support import trained


def errors(path: Path, dataset: Dataset, config: Config, steps: int = 10) -> dict[str, float]:
    trained(path, dataset, config, steps)
    return reconstruction_errors(TrainedModel.open(path, dataset))


def test_clean_errors_are_of_all_held_out_images(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    measured = errors(tmp_path / "run", small, quick.changed(noise=0.0))
    assert list(measured) == ["test_mse", "pca_mse", "pca_mse_clamped"]
    network = TrainedModel.open(tmp_path / "run", small)
    output = network.reconstruct(small.test_images)
    expected = np.square(output - small.test_images / 255).mean()
    assert measured["test_mse"] == pytest.approx(expected, rel=1e-5)
    assert measured["pca_mse"] == network.pca.error(small.test_images, 4)


def test_noisy_errors_are_added_to_those_of_a_run_with_noise(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    clean = errors(tmp_path / "one", small, quick.changed(noise=0.0))
    measured = errors(tmp_path / "two", small, quick.changed(noise=0.4))
    assert measured.keys() - clean.keys() == {"noisy_test_mse", "noisy_pca_mse"}
    assert measured["pca_mse"] == clean["pca_mse"]
    assert measured["noisy_test_mse"] > measured["test_mse"]
    none = errors(tmp_path / "three", small, quick.changed(noise=0.4, noise_kind="none"))
    assert none.keys() == clean.keys()


def test_untrained_network_is_measured(tmp_path: Path, small: Dataset, quick: Config) -> None:
    measured = errors(tmp_path / "run", small, quick.changed(noise=0.4), steps=0)
    assert all(np.isfinite(each) for each in measured.values())


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        ({"test_mse": 0.02, "pca_mse_clamped": 0.01}, True),
        ({"test_mse": 0.01, "pca_mse_clamped": 0.02}, False),
        ({"test_mse": 0.01, "pca_mse_clamped": 1e-31}, False),
        (
            {
                "test_mse": 0.02,
                "pca_mse_clamped": 0.01,
                "noisy_test_mse": 0.03,
                "noisy_pca_mse": 0.04,
            },
            False,
        ),
        (
            {
                "test_mse": 0.01,
                "pca_mse_clamped": 1e-31,
                "noisy_test_mse": 0.05,
                "noisy_pca_mse": 0.04,
            },
            True,
        ),
    ],
)
def test_network_is_judged_by_what_it_was_trained_for(
    measured: dict[str, float], expected: bool
) -> None:
    assert is_pca_better(measured) is expected
