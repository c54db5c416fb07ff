import json
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from aecore.applications import anomaly, threshold
from aecore.applications.evaluation import scores
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs.trained_model import TrainedModel
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


def test_what_was_never_seen_scores_higher(network: TrainedModel) -> None:
    images, anomalous = anomaly.held_out(network.dataset, ("0",))
    for name, score in {**anomaly.detector(network), **anomaly.baselines(network)}.items():
        found = score(images)
        assert found.shape == anomalous.shape
        assert threshold.roc(anomalous, found).area > 0.9, name


def test_only_held_out_images_are_scored(digits: Dataset) -> None:
    """Poison in the training images would be found among those scored, were any of them there."""
    poisoned = replace(digits, images=np.full_like(digits.images, 77))
    for normal in (("0",), ("1", "2")):
        images, anomalous = anomaly.held_out(poisoned, normal)
        assert not (images == 77).all((1, 2)).any()
        assert len(images) == len(digits.test_images)
        labels = {int(name) for name in normal}
        assert anomalous.sum() == (~np.isin(digits.test_labels, list(labels))).sum()


def test_scores_are_settled_by_the_training_images_alone(network: TrainedModel) -> None:
    images, _ = anomaly.held_out(network.dataset, ("0",))
    for score in anomaly.detector(network).values():
        assert score(images)[:5] == pytest.approx(score(images[:5]), rel=1e-4)


def test_a_run_that_saw_the_anomalous_class_is_known(network: TrainedModel) -> None:
    assert anomaly.trained_classes(network, ("1", "2")) == ()
    assert anomaly.trained_classes(network, ("0", "2")) == ("0",)
    whole = replace(network, config=network.config.changed(classes=""))
    assert anomaly.trained_classes(whole, ("1", "2")) == ("1", "2")


def test_another_data_set_is_resized(digits: Dataset, small: Dataset) -> None:
    images, anomalous = anomaly.held_out(digits, (), small, most=20)
    assert images.shape == (40, *digits.shape)
    assert anomalous.tolist() == [False] * 20 + [True] * 20


def test_pictures_of_a_person_stand_beside_held_out_images(digits: Dataset, small: Dataset) -> None:
    images, anomalous = anomaly.held_out(digits, ("0",), small.images[:3], most=20)
    assert anomalous.tolist() == [False] * 20 + [True] * 3
    assert images.shape[1:] == digits.shape


def test_nothing_anomalous_is_refused(digits: Dataset) -> None:
    with pytest.raises(LabError, match="Every class is normal"):
        anomaly.held_out(digits, digits.classes)


def test_counts_follow_the_threshold() -> None:
    anomalous = np.array([False, False, True, True])
    values = np.array([0.1, 0.4, 0.3, 0.9])
    found = threshold.confusion(anomalous, values, 0.35)
    assert (
        found.true_positives,
        found.false_negatives,
        found.false_positives,
        found.true_negatives,
    ) == (1, 1, 1, 1)
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert threshold.confusion(anomalous, values, 2).precision == 1
    assert threshold.quantile(values[~anomalous], 1) == 0.4


def test_the_cheapest_threshold_is_the_cheapest() -> None:
    draw = np.random.default_rng(0)
    anomalous = draw.random(200) < 0.4
    values = draw.normal(anomalous * 1.5, 1)

    def cost(line: float) -> float:
        found = threshold.confusion(anomalous, values, line)
        return 3 * found.false_negatives + found.false_positives

    best = cost(threshold.cheapest(anomalous, values, 3, 1))
    assert best <= min(cost(each) for each in values)


def test_areas_are_those_of_a_perfect_and_a_useless_score() -> None:
    anomalous = np.array([False, False, True, True])
    assert threshold.roc(anomalous, np.array([0.0, 1, 2, 3])).area == 1
    assert threshold.roc(anomalous, np.zeros(4)).area == 0.5
    assert threshold.precision_recall(anomalous, np.array([0.0, 1, 2, 3])).area == 1


def test_the_export_holds_network_and_threshold(network: TrainedModel) -> None:
    with zipfile.ZipFile(BytesIO(anomaly.pack(network, "error", 0.25))) as archive:
        assert json.loads(archive.read("threshold.json"))["threshold"] == 0.25
        assert Config(**json.loads(archive.read("config.json"))) == network.config
        assert archive.read("model.safetensors")


def test_a_network_is_measured(network: TrainedModel) -> None:
    found = scores(network)
    assert found["test_mse"] > 0
    assert "code_knn" not in found
    assert 10 < found["psnr"] < 60


def test_classifiers_read_codes(tmp_path: Path, digits: Dataset) -> None:
    config = Config(hidden="64", bottleneck=10, batch_size=32, epochs=10)
    trained(tmp_path / "run", digits, config, steps=400)
    found = scores(TrainedModel.open(tmp_path / "run", digits))
    assert found["code_knn"] > 0.85
    assert found["code_logistic"] > 0.8
    assert found["test_mse"] < found["pca_mse"]
