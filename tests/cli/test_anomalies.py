import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore.applications import anomaly
from aecore.data import Dataset
from tests.cli.conftest import SMALL, Call


def test_run_is_scored_and_warns_of_anomalous_training_classes(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "2", "--classes", "0", "--out", tmp_path / "x")
    report = call("anomalies", tmp_path / "x", "--json").json
    assert report["seen"] == []
    assert set(report["scores"]) == {*anomaly.SCORES, *anomaly.BASELINES}
    assert 0.5 < report["scores"]["relative"]["auroc"] <= 1
    assert "Isolation forest" in call("anomalies", tmp_path / "x").out
    result = call("anomalies", tmp_path / "x", "--normal", "1")
    assert "saw anomalous classes in training: 0" in result.err
    metrics = call("score", tmp_path / "x", "--json").json
    assert metrics["test_mse"] > 0
    assert "psnr" in call("score", tmp_path / "x").out


def test_thresholds_are_set_on_one_half_and_counted_on_the_other(
    call: Call, run: Path, digits: Dataset
) -> None:
    report = call("anomalies", run, "--json").json
    zeros = int((digits.test_labels == 0).sum())
    others = len(digits.test_labels) - zeros
    assert report["threshold_set_on"] == zeros // 2
    assert report["counted"] == -(-zeros // 2) - (-others // 2)
    for each in report["scores"].values():
        assert each["threshold"] > -10
        assert 0.7 < each["accepted"] <= 1
        assert 0 <= each["recall"] <= 1
    strict = call("anomalies", run, "--accept", "0.5", "--json").json["scores"]["error"]
    usual = report["scores"]["error"]
    assert strict["threshold"] < usual["threshold"]
    assert 0.2 < strict["accepted"] < usual["accepted"]
    assert strict["auroc"] == usual["auroc"]
    printed = call("anomalies", run)
    sentence = f"Threshold set on {zeros // 2} held-out images, counts on {report['counted']} "
    assert sentence + "others." in printed.err
    assert f"{usual['accepted']:.1%}" in printed.out


def test_unknown_class_is_rejected(call: Call, tmp_path: Path) -> None:
    result = call("train", *SMALL, "--classes", "zebra", "--out", tmp_path / "y")
    assert result.code == 2
    assert "zebra" in result.err


@pytest.fixture
def run(call: Call, tmp_path: Path) -> Path:
    """Return a run that was trained on zeros."""
    call("train", *SMALL, "--epochs", "8", "--classes", "0", "--out", tmp_path / "x")
    return tmp_path / "x"


@pytest.fixture
def folder(tmp_path: Path, digits: Dataset) -> Path:
    """Return a folder of held-out zeros, and of ones, each larger than the training images."""
    for name, label in (("zero", 0), ("one", 1)):
        (tmp_path / "new" / name).mkdir(parents=True)
        for number, image in enumerate(digits.test_images[digits.test_labels == label][:10]):
            large = np.kron(image, np.ones((2, 2), np.uint8))
            Image.fromarray(large).save(tmp_path / "new" / name / f"{number}.png")
    return tmp_path / "new"


def test_files_are_scored_and_judged(call: Call, run: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    result = call("anomalies", run, "--files", folder, "--out", out)
    assert (result.code, result.out) == (0, f"{out}\n")
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert list(rows[0]) == ["file", "score", "threshold", "verdict"]
    assert [row["file"] for row in rows] == [
        f"{name}/{number}.png" for name in ("one", "zero") for number in range(10)
    ]
    for row in rows:
        above = float(row["score"]) > float(row["threshold"])
        assert row["verdict"] == ("anomalous" if above else "normal")
    flagged = [row["file"].partition("/")[0] for row in rows if row["verdict"] == "anomalous"]
    assert flagged.count("one") == 10
    assert flagged.count("zero") <= 2
    assert result.err.startswith(f"Anomalous: {len(flagged)} of 20 pictures (Relative error above")
    assert len(result.err.splitlines()) == 1
    printed = call("anomalies", run, "--files", folder / "one", folder / "zero")
    assert printed.out == out.read_text()


def test_score_and_threshold_of_files_can_be_chosen(call: Call, run: Path, folder: Path) -> None:
    usual = call("anomalies", run, "--files", folder, "--json").json
    assert (usual["score"], len(usual["files"])) == ("relative", 20)
    assert set(usual["files"][0]) == {"file", "score", "verdict"}
    strict = call("anomalies", run, "--files", folder, "--accept", "0.5", "--json").json
    assert strict["threshold"] < usual["threshold"]
    assert [each["score"] for each in strict["files"]] == [each["score"] for each in usual["files"]]
    for score in anomaly.SCORES:
        chosen = call("anomalies", run, "--files", folder, "--score", score, "--json").json
        assert chosen["score"] == score
        assert (chosen == usual) == (score == anomaly.DEFAULT_SCORE)
    values = sorted(each["score"] for each in usual["files"])
    line = (values[4] + values[5]) / 2
    chosen = call("anomalies", run, "--files", folder, "--threshold", line, "--json").json
    assert chosen["threshold"] == pytest.approx(line)
    assert [each["verdict"] for each in chosen["files"]].count("normal") == 5


def test_help_names_every_score_and_the_default(call: Call) -> None:
    words = " ".join(call("anomalies", "--help").out.replace("│", " ").split())
    *others, last = anomaly.SCORES
    listed = f"{', '.join(others)} or {last}; {anomaly.DEFAULT_SCORE} by default."
    assert listed in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "x.csv"], "--out needs --files"),
        (["--threshold", "0.9"], "--threshold needs --files"),
        (["--accept", "95"], "--accept is 95.0; choose a share from 0 to 1"),
        (["--files", ".", "--anomalous", "strokes"], "--anomalous and --files exclude"),
        (["--files", ".", "--accept", "0.9", "--threshold", "1"], "exclude each other"),
        (["--files", ".", "--accept", "95"], "--accept is 95.0; choose a share from 0 to 1"),
        (["--files", ".", "--accept", "nan"], "--accept is nan"),
        (["--files", ".", "--threshold", "inf"], "--threshold is inf"),
        (["--files", ".", "--score", "luck"], "score is 'luck'; choose one of relative, error"),
        (["--files", "nowhere.png"], "nowhere.png cannot be opened"),
        (["--files", "new", "--normal", "zebra"], 'Class "zebra" does not exist'),
        (["--files"], "--files"),
    ],
)
def test_invalid_options_for_files_are_explained(
    call: Call,
    run: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(folder.parent)
    result = call("anomalies", run, *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
