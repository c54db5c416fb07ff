from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aecore.applications import anomaly, threshold
from aecore.applications.evaluation import scores
from aecore.config import Config
from aecore.data import Dataset, Extent
from aecore.errors import LabError
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer
from tests.support import trained


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> TrainedModel:
    config = Config(
        dataset="digits",
        classes="0",
        hidden="64",
        bottleneck=8,
        noise=0.2,
        batch_size=16,
        epochs=60,
    )
    path = tmp_path_factory.mktemp("anomaly") / "run"
    trained(path, digits, config, steps=400)
    return TrainedModel.open(path, digits)


def test_unseen_classes_score_higher(network: TrainedModel) -> None:
    images, anomalous = anomaly.held_out(network.dataset, ("0",))
    for name, score in {**anomaly.detector(network), **anomaly.baselines(network)}.items():
        values = score(images)
        assert values.shape == anomalous.shape
        assert threshold.roc(anomalous, values).area > 0.9, name


def test_only_held_out_images_are_scored(digits: Dataset) -> None:
    """Mark the training images; none of them may be among the scored images."""
    marked = replace(digits, images=np.full_like(digits.images, 77))
    for normal in (("0",), ("1", "2")):
        images, anomalous = anomaly.held_out(marked, normal)
        assert not (images == 77).all((1, 2)).any()
        assert len(images) == len(digits.test_images)
        labels = {int(name) for name in normal}
        assert anomalous.sum() == (~np.isin(digits.test_labels, list(labels))).sum()


def test_score_of_an_image_does_not_depend_on_other_scored_images(network: TrainedModel) -> None:
    images, _ = anomaly.held_out(network.dataset, ("0",))
    for score in anomaly.detector(network).values():
        assert score(images)[:5] == pytest.approx(score(images[:5]), rel=1e-4)


def test_relative_error_is_the_error_over_the_root_mean_square(network: TrainedModel) -> None:
    images, _ = anomaly.held_out(network.dataset, ("0",))
    norms = np.sqrt(np.square(images / 255).mean((1, 2)))
    detector, baselines = anomaly.detector(network), anomaly.baselines(network)
    expected = np.square(images / 255 - network.reconstruct(images)).mean((1, 2)) / norms
    assert detector["relative"](images) == pytest.approx(expected, rel=1e-4)
    assert baselines["pca_relative"](images) == pytest.approx(
        baselines["pca"](images) / norms, rel=1e-4
    )


def test_black_image_has_a_finite_score(network: TrainedModel) -> None:
    black = np.zeros((1, *network.dataset.shape), np.uint8)
    for score in {**anomaly.detector(network), **anomaly.baselines(network)}.values():
        assert np.isfinite(score(black)).all()


def test_detector_is_trained_on_normal_classes_with_a_small_code(digits: Dataset) -> None:
    config = anomaly.detector_settings(digits, ("0", "2"))
    assert (config.dataset, config.classes, config.bottleneck) == ("digits", "0,2", 16)
    assert (config.loss, config.noise) == ("mse", 0)
    network = Trainer(digits, config).snapshot()
    trained_on = TrainedModel.from_snapshot(network, digits, "detector")
    assert anomaly.normal_classes(trained_on) == ("0", "2")
    tiny = replace(
        digits, images=digits.images[:, :4, :4], test_images=digits.test_images[:, :4, :4]
    )
    assert anomaly.detector_settings(tiny, ()).bottleneck == 4
    few, many = Extent(100, 28, 28), Extent(60_000, 28, 28)
    settings = [anomaly.detector_settings(digits, ("0",), extent) for extent in (few, many)]
    assert settings[0].batch_size < settings[1].batch_size


def test_anomalous_classes_seen_in_training_are_detected(network: TrainedModel) -> None:
    assert anomaly.trained_classes(network, ("1", "2")) == ()
    assert anomaly.trained_classes(network, ("0", "2")) == ("0",)
    trained_on_all = replace(network, config=network.config.changed(classes=""))
    assert anomaly.trained_classes(trained_on_all, ("1", "2")) == ("1", "2")


def test_classes_in_training_are_normal_if_they_are_not_all(network: TrainedModel) -> None:
    assert anomaly.normal_classes(network) == ("0",)
    on_all = replace(network, config=network.config.changed(classes=""))
    assert anomaly.normal_classes(on_all) == ()
    # A split that holds out whole classes, such as defects.
    digits = network.dataset
    few = digits.labels < 3
    split = replace(digits, images=digits.images[few], labels=digits.labels[few])
    assert anomaly.normal_classes(replace(on_all, dataset=split)) == ("0", "1", "2")


def test_images_of_another_dataset_are_resized(digits: Dataset, small: Dataset) -> None:
    images, anomalous = anomaly.held_out(digits, (), small, most=20)
    assert images.shape == (40, *digits.shape)
    assert anomalous.tolist() == [False] * 20 + [True] * 20


def test_user_images_are_appended_to_held_out_images(digits: Dataset, small: Dataset) -> None:
    images, anomalous = anomaly.held_out(digits, ("0",), small.images[:3], most=20)
    assert anomalous.tolist() == [False] * 20 + [True] * 3
    assert images.shape[1:] == digits.shape


def test_all_classes_normal_is_rejected(digits: Dataset) -> None:
    with pytest.raises(LabError, match="Every class is normal"):
        anomaly.held_out(digits, digits.classes)


def test_scores_of_a_one_class_network_omit_classifiers(network: TrainedModel) -> None:
    results = scores(network)
    assert results["test_mse"] > 0
    assert "code_knn" not in results
    assert 10 < results["psnr"] < 60


def test_classifiers_predict_labels_from_codes(tmp_path: Path, digits: Dataset) -> None:
    config = Config(hidden="64", bottleneck=10, batch_size=32, epochs=10)
    trained(tmp_path / "run", digits, config, steps=400)
    results = scores(TrainedModel.open(tmp_path / "run", digits))
    assert results["code_knn"] > 0.85
    assert results["code_logistic"] > 0.8
    assert results["test_mse"] < results["pca_mse"]
