from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aecore import data
from tests.cli.conftest import Call
from tests.data.custom.cases import CASES


def test_custom_images_are_added_listed_and_trained_on(call: Call, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (150, 6, 6), np.uint8)
    np.savez(tmp_path / "pictures.npz", images=pictures)
    result = call("data", "add", tmp_path / "pictures.npz", "--name", "mine", "--size", "5")
    assert (result.code, result.err) == (0, "")
    assert "150, 5 by 5 pixels" in result.out
    assert "A fifth of the images, chosen at random, is held out." in result.out
    assert result.out.endswith("Added mine; train on it with: aecore train --dataset mine\n")
    listing = call("data", "list").out.splitlines()
    assert any(line.split()[:2] == ["mine", "available"] for line in listing)
    assert any(line.startswith("mnist") and "12 MB to download" in line for line in listing)
    line = ["--dataset", "mine", "--train-size", "100", "--epochs", "1", "--hidden", "8"]
    assert call("train", *line, "--threads", "1", "--json").json["dataset"] == "mine"


def test_invalid_file_or_dataset_name_is_rejected(call: Call, tmp_path: Path) -> None:
    (tmp_path / "letter.csv").write_text("Dear reader,\nthis is not an image.\n")
    for path, name in (("letter.csv", "mine"), ("nowhere.zip", "mine"), (".", "mnist")):
        result = call("data", "add", tmp_path / path, "--name", name)
        assert (result.code, result.out) == (2, "")
        assert (path if path != "." else "mnist") in result.err
        assert len(result.err.splitlines()) == 1
    assert "choose one of mnist," in call("data", "download", "nothing").err


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.refused])
def test_what_was_understood_is_printed_as_json(call: Call, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    said = call("data", "add", case.write(tmp_path), "--json").json
    assert said["added"]
    assert {key: said[key] for key in case.expected} == case.expected
    assert said["name"] in data.available()


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.refused])
def test_what_cannot_be_read_is_refused_in_one_line(call: Call, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    result = call("data", "add", case.write(tmp_path), "--json")
    assert (result.code, result.out) == (2, "")
    assert case.refused in result.err
    assert len(result.err.splitlines()) == 1


def test_dry_run_adds_nothing(call: Call, tmp_path: Path) -> None:
    path = CASES["dark_on_light"].write(tmp_path)
    result = call("data", "add", path, "--dry-run")
    assert "60, 32 by 32 pixels" in result.out
    assert result.err == "To invert the images: --invert\nNothing was added.\n"
    assert data.available() == ("digits", "strokes")
    inverted = call("data", "add", path, "--invert", "--size", "16x12", "--dry-run", "--json").json
    assert not inverted["dark_on_light"]
    assert (inverted["height"], inverted["width"]) == (12, 16)


def test_options_of_reading_are_checked(call: Call, tmp_path: Path) -> None:
    path = CASES["plain_npy"].write(tmp_path)
    for option, value, message in (
        ("--size", "200", "Size is 200; choose 4 to 128 pixels"),
        ("--fit", "squash", "Fit is 'squash'; choose one of pad, crop, stretch"),
        ("--white", "0", "White is 0; it must be above 0"),
        ("--label-pattern", "x", "must contain {label} once"),
    ):
        result = call("data", "add", path, option, value)
        assert (result.code, result.out) == (2, "")
        assert message in result.err


def test_dataset_that_runs_need_is_removed_and_renamed_on_confirmation(
    call: Call, tmp_path: Path
) -> None:
    call("data", "add", CASES["plain_npy"].write(tmp_path), "--name", "mine")
    out = tmp_path / "runs" / "first"
    line = ["--dataset", "mine", "--train-size", "100", "--epochs", "1", "--hidden", "8"]
    assert call("train", *line, "--out", out).code == 0
    refused = call("data", "rename", "mine", "yours")
    assert refused.code == 2
    assert (
        "Runs were trained on mine and cannot be resumed or scored without it: first."
        in refused.err
    )
    assert call("data", "rename", "mine", "yours", "--yes").out == "mine is now yours.\n"
    assert call("data", "remove", "yours").out == "Removed yours.\n"
    assert "no custom dataset 'yours'" in call("data", "remove", "yours").err


def test_download_shows_progress_and_location(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str, *, progress: Callable[[int, int], None]) -> None:
        progress(3_000_000, 12_000_000)

    monkeypatch.setattr(data, "download", fetch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    result = call("data", "download", "mnist")
    assert (result.code, result.out) == (0, f"mnist is in {tmp_path / 'data'}.\n")
    assert "3.0/12.0 MB" in result.err
