"""Measures of a map of a network's codes."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from aecore.config import Config
from aecore.data import Dataset
from aecore.maps.projection import Method, project
from aecore.maps.quality import cross_validated_accuracy
from aecore.network.inference import encode
from aecore.training.probe import probe_set
from aecore.training.snapshot import Snapshot
from aecore.training.trainer import Trainer
from dashboard.views.manifold.quality import Accuracy, measure


@pytest.fixture
def snapshot(digits: Dataset) -> Snapshot:
    trainer = Trainer(digits, Config(dataset="digits", hidden="16", bottleneck=3, batch_size=32))
    trainer.train(20)
    return trainer.snapshot()


@pytest.mark.parametrize("method", ["direct", "pca"])
def test_classifier_is_fitted_on_training_codes_placed_on_the_map(
    snapshot: Snapshot, digits: Dataset, method: Method
) -> None:
    projection = project(snapshot.codes, method)
    accuracy = measure(projection, snapshot, probe_set(digits), digits).accuracy
    training, test = (
        projection.transform(encode(snapshot.model, images))
        for images in (digits.images, digits.test_images)
    )
    expected = KNeighborsClassifier(5).fit(training, digits.labels).score(test, digits.test_labels)
    assert accuracy == Accuracy(expected, len(digits.images), len(test))


def test_map_without_a_transform_is_cross_validated(snapshot: Snapshot, digits: Dataset) -> None:
    projection = project(snapshot.codes[:100], "tsne", quick=True)
    sample = probe_set(digits)
    few = type(sample)(sample.images[:100], sample.labels[:100], {})
    accuracy = measure(projection, snapshot, few, digits).accuracy
    expected = cross_validated_accuracy(projection.points, sample.labels[:100])
    assert accuracy == Accuracy(expected)


def test_step_saved_without_its_encoder_is_cross_validated(
    snapshot: Snapshot, digits: Dataset
) -> None:
    decoder = {name: each for name, each in snapshot.weights.items() if "to_code" not in name}
    frame = replace(snapshot, weights=decoder)
    projection, sample = project(frame.codes, "pca"), probe_set(digits)
    accuracy = measure(projection, frame, sample, digits).accuracy
    assert accuracy == Accuracy(cross_validated_accuracy(projection.points, sample.labels))


def test_diverged_network_can_be_measured(snapshot: Snapshot, digits: Dataset) -> None:
    weights = {name: np.full_like(each, np.nan) for name, each in snapshot.weights.items()}
    broken = replace(snapshot, weights=weights, codes=np.full_like(snapshot.codes, np.nan))
    projection = project(broken.codes, "pca")
    measures = measure(projection, broken, probe_set(digits), digits)
    assert all(0 <= value <= 1 for value in measures.values.values())


def test_unknown_classes_have_no_accuracy(snapshot: Snapshot, digits: Dataset) -> None:
    unlabelled = replace(snapshot, classes=())
    projection = project(snapshot.codes, "pca")
    assert measure(projection, unlabelled, probe_set(digits), digits).accuracy is None
