from pathlib import Path

from tests.cli.conftest import SMALL, Call


def test_run_is_scored_and_warns_of_anomalous_training_classes(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "2", "--classes", "0", "--out", tmp_path / "x")
    report = call("anomalies", tmp_path / "x", "--json").json
    assert report["seen"] == []
    assert set(report["scores"]) == {"error", "distance", "both", "pca", "neighbours", "forest"}
    assert 0.5 < report["scores"]["error"]["auroc"] <= 1
    assert "Isolation forest" in call("anomalies", tmp_path / "x").out
    result = call("anomalies", tmp_path / "x", "--normal", "1")
    assert "saw anomalous classes in training: 0" in result.err
    metrics = call("score", tmp_path / "x", "--json").json
    assert metrics["test_mse"] > 0
    assert "psnr" in call("score", tmp_path / "x").out


def test_unknown_class_is_rejected(call: Call, tmp_path: Path) -> None:
    result = call("train", *SMALL, "--classes", "zebra", "--out", tmp_path / "y")
    assert result.code == 2
    assert "zebra" in result.err
