from pathlib import Path

from tests.cli.conftest import SMALL, Call


def test_a_run_is_scored_and_flagged(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "2", "--classes", "0", "--out", tmp_path / "x")
    found = call("anomalies", tmp_path / "x", "--json").result
    assert found["seen"] == []
    assert set(found["scores"]) == {"error", "distance", "both", "pca", "neighbours", "forest"}
    assert 0.5 < found["scores"]["error"]["auroc"] <= 1
    assert "Isolation forest" in call("anomalies", tmp_path / "x").out
    flagged = call("anomalies", tmp_path / "x", "--normal", "1")
    assert "saw anomalous classes in training: 0" in flagged.err
    measured = call("score", tmp_path / "x", "--json").result
    assert measured["test_mse"] > 0
    assert "psnr" in call("score", tmp_path / "x").out


def test_an_unknown_class_is_refused(call: Call, tmp_path: Path) -> None:
    refused = call("train", *SMALL, "--classes", "zebra", "--out", tmp_path / "y")
    assert refused.code == 2
    assert "zebra" in refused.err
