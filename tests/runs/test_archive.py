import stat
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs.archive import Limits, pack, unpack
from aecore.runs.run import Run
from tests.support import same, trained


@pytest.fixture
def packed(tmp_path: Path, small: Dataset, quick: Config) -> bytes:
    trained(tmp_path / "away" / "first", small, quick)
    return pack(Run(tmp_path / "away" / "first"))


def edited(packed: bytes, **files: bytes) -> BytesIO:
    """Return the zip with some files replaced, their names written with _ for . and __ for /."""
    new = {name.replace("__", "/").replace("_", "."): data for name, data in files.items()}
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(packed)) as old, zipfile.ZipFile(buffer, "w") as whole:
        for name in old.namelist():
            whole.writestr(name, new.get(name.partition("/")[2], old.read(name)))
    return buffer


def everything(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file()}


def test_a_run_goes_on_elsewhere_with_the_same_codes(
    packed: bytes, tmp_path: Path, small: Dataset
) -> None:
    old = Run(tmp_path / "away" / "first")
    new = unpack(BytesIO(packed), tmp_path / "here")
    assert new.name == "first"
    assert unpack(BytesIO(packed), tmp_path / "here").name == "first-2"
    np.testing.assert_array_equal(new.frame().codes, old.frame().codes)
    assert new.history() == old.history()
    same(new.resume(small), old.resume(small))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/tmp/evil", "first/../../run.json", "../run.json", "first/frames/x.py", "a\\b"],
)
def test_a_path_that_is_no_part_of_a_run_is_refused(
    packed: bytes, tmp_path: Path, name: str
) -> None:
    buffer = BytesIO(packed)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, "x")
    before = everything(tmp_path)
    with pytest.raises(LabError, match="unexpected file"):
        unpack(buffer, tmp_path / "here")
    assert everything(tmp_path) == before


def test_a_link_is_refused(packed: bytes, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("first/labels.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = BytesIO(packed)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(LabError, match="unexpected file"):
        unpack(buffer, tmp_path / "here")


def test_a_bomb_and_too_many_files_are_refused(packed: bytes, tmp_path: Path) -> None:
    buffer = BytesIO(packed)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first/frames/999.safetensors", bytes(50_000_000))
    for limits in (Limits(unpacked=10_000_000), Limits(files=3)):
        with pytest.raises(LabError, match="a run has at most"):
            unpack(buffer, tmp_path / "here", limits=limits)
    assert everything(tmp_path / "here") == set()


@pytest.mark.parametrize(
    "files",
    [
        {"config_json": b'{"bottleneck": 0}'},
        {"config_json": b"[" * 100_000},
        {"run_json": b'{"step": "many"}'},
        {"history_jsonl": b'{"step": 1, "epoch": NaN}\n'},
        {"history_jsonl": b"\xff\n"},
        {"latest_safetensors": b"nonsense"},
        {"probe_safetensors": b""},
        {"checkpoint__state_json": b'{"tensors": "../../x", "step": 1}'},
        {"checkpoint__state_json": b"{}"},
    ],
)
def test_what_is_damaged_or_edited_by_hand_is_refused(
    packed: bytes, tmp_path: Path, files: dict[str, bytes]
) -> None:
    with pytest.raises(LabError):
        unpack(edited(packed, **files), tmp_path / "here")
    assert everything(tmp_path / "here") == set()


def test_a_cut_zip_is_refused(packed: bytes, tmp_path: Path) -> None:
    for part in (packed[:-200], packed[200:], b""):
        with pytest.raises(LabError):
            unpack(BytesIO(part), tmp_path / "here")
