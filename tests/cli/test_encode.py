import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aecore.data import Dataset
from aecore.runs.trained_model import TrainedModel
from tests.cli.conftest import SMALL, Call


@pytest.fixture
def run(call: Call, tmp_path: Path) -> Path:
    """Return a run whose codes have three units."""
    path = tmp_path / "run"
    call("train", *SMALL, "--epochs", "1", "--bottleneck", "3", "--out", path)
    return path


def save(images: np.ndarray, folder: Path, names: list[str]) -> Path:
    folder.mkdir()
    for image, name in zip(images, names, strict=True):
        Image.fromarray(image).save(folder / name)
    return folder


def test_codes_are_written_beside_the_names_of_the_files(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    names = ["a.png", "b, ü.png", "=1+1.png", os.fsdecode(b"\xff.png")]
    folder = save(digits.test_images[:4], tmp_path / "new", names)
    out = tmp_path / "codes.csv"
    result = call("encode", run, *(folder / name for name in names), "--out", out)
    assert (result.code, result.out, result.err) == (0, f"{out}\n", "")
    heads, *rows = csv.reader(io.StringIO(out.read_text("utf-8")))
    assert heads == ["file", "code_1", "code_2", "code_3"]
    assert [row[0] for row in rows] == ["a.png", "b, ü.png", "'=1+1.png", "\\udcff.png"]
    codes = TrainedModel.open(run).encode(digits.test_images[:4])
    assert np.array([row[1:] for row in rows], np.float32) == pytest.approx(codes, rel=1e-6)


def test_codes_are_printed_if_no_file_is_named(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    folder = save(digits.test_images[:2], tmp_path / "new", ["a.png", "b.png"])
    result = call("encode", run, folder)
    assert (result.code, result.err) == (0, "")
    assert [line.partition(",")[0] for line in result.out.splitlines()] == [
        "file",
        "a.png",
        "b.png",
    ]


def test_invalid_input_is_explained_and_nothing_written(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    folder = save(digits.test_images[:1], tmp_path / "new", ["a.png"])
    assert "is a folder; name a file" in call("encode", run, folder, "--out", folder).err
    (folder / "bad.png").write_text("nothing")
    for arguments, message in (
        ([run], "FILES"),
        ([run, tmp_path / "nowhere"], "nowhere cannot be opened"),
        ([run, folder], "bad.png in new cannot be read"),
        ([tmp_path / "other", folder], "other"),
    ):
        result = call("encode", *arguments, "--out", tmp_path / "codes.csv")
        assert (result.code, result.out) == (2, "")
        assert message in result.err
    assert not list(tmp_path.glob("codes.csv*"))


def test_missing_folder_of_the_file_is_reported(
    call: Call, run: Path, tmp_path: Path, digits: Dataset
) -> None:
    folder = save(digits.test_images[:1], tmp_path / "new", ["a.png"])
    missing = call("encode", run, folder, "--out", tmp_path / "no" / "codes.csv")
    assert (missing.code, missing.out) == (1, "")
    assert "No such file or directory" in missing.err
