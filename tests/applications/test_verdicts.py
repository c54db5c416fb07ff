import csv
import io
from pathlib import Path

import numpy as np
import pytest

from aecore.applications import anomaly
from aecore.applications.verdicts import Verdicts, judge
from aecore.config import Config
from aecore.data import Dataset
from aecore.data.custom.pictures import Pictures
from aecore.errors import LabError
from aecore.runs.trained_model import TrainedModel
from aecore.training.subset import select_classes
from tests.support import trained


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, digits: Dataset) -> TrainedModel:
    config = Config(classes="0", hidden="32", bottleneck=6, batch_size=16, epochs=30)
    path: Path = tmp_path_factory.mktemp("verdicts") / "run"
    trained(path, digits, config, steps=200)
    return TrainedModel.open(path, digits)


def test_rows_name_score_threshold_and_verdict() -> None:
    verdicts = Verdicts("error", 0.5, ["a.png", "=1+1, b.png"], np.array([0.25, 0.75]))
    rows = list(csv.reader(io.StringIO(verdicts.csv().decode())))
    assert rows == [
        ["file", "score", "threshold", "verdict"],
        ["a.png", "0.25", "0.5", "normal"],
        ["'=1+1, b.png", "0.75", "0.5", "anomalous"],
    ]
    assert verdicts.facts()["files"] == [
        {"file": "a.png", "score": 0.25, "verdict": "normal"},
        {"file": "=1+1, b.png", "score": 0.75, "verdict": "anomalous"},
    ]
    summary = "Anomalous: 1 of 2 pictures (Reconstruction error above 0.5)."
    assert verdicts.summary() == summary


@pytest.mark.parametrize("score", list(anomaly.SCORES))
def test_threshold_accepts_a_share_of_the_normal_held_out_images(
    network: TrainedModel, score: str
) -> None:
    normal = select_classes(network.dataset, ("0",)).test_images
    others = select_classes(network.dataset, ("1", "2")).test_images
    names = [str(number) for number in range(len(normal) + len(others))]
    pictures = Pictures(np.concatenate([normal, others]), names)
    verdicts = judge(network, pictures, score, ("0",), accepted=0.8)
    accepted = ~verdicts.anomalous[: len(normal)]
    assert accepted.mean() == pytest.approx(0.8, abs=1 / len(normal))
    assert verdicts.anomalous[len(normal) :].mean() > 0.8
    assert judge(network, pictures, score, ("0",)).threshold > verdicts.threshold


def test_unknown_score_is_rejected(network: TrainedModel) -> None:
    pictures = Pictures(network.dataset.test_images[:1], ["a"])
    message = "score is 'luck'; choose one of relative, error, distance, both"
    with pytest.raises(LabError, match=message):
        judge(network, pictures, "luck", ())
