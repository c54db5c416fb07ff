import re
import stat
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.i18n import Message
from aecore.runs.archive import Limits, pack, unpack
from aecore.runs.run import Run
from tests.support import same, trained


@pytest.fixture
def zip_content(tmp_path: Path, small: Dataset, quick: Config) -> bytes:
    trained(tmp_path / "away" / "first", small, quick)
    return pack(Run(tmp_path / "away" / "first"))


def replace_files(zip_content: bytes, **files: bytes) -> BytesIO:
    """Return the ZIP with some files replaced, whose names have _ for . and __ for /."""
    replacements = {name.replace("__", "/").replace("_", "."): data for name, data in files.items()}
    buffer = BytesIO()
    with zipfile.ZipFile(BytesIO(zip_content)) as original, zipfile.ZipFile(buffer, "w") as result:
        for name in original.namelist():
            result.writestr(name, replacements.get(name.partition("/")[2], original.read(name)))
    return buffer


def all_files(root: Path) -> set[Path]:
    return {path for path in root.rglob("*") if path.is_file()}


def test_unpacked_run_has_the_same_codes_and_can_be_resumed(
    zip_content: bytes, tmp_path: Path, small: Dataset
) -> None:
    old = Run(tmp_path / "away" / "first")
    new = unpack(BytesIO(zip_content), tmp_path / "here")
    assert new.name == "first"
    assert unpack(BytesIO(zip_content), tmp_path / "here").name == "first-2"
    np.testing.assert_array_equal(new.frame().codes, old.frame().codes)
    assert new.history() == old.history()
    same(new.resume(small), old.resume(small))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/tmp/evil", "first/../../run.json", "../run.json", "first/frames/x.py", "a\\b"],
)
def test_paths_that_do_not_belong_to_a_run_are_rejected(
    zip_content: bytes, tmp_path: Path, name: str
) -> None:
    buffer = BytesIO(zip_content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, "x")
    before = all_files(tmp_path)
    with pytest.raises(LabError, match="unexpected file"):
        unpack(buffer, tmp_path / "here")
    assert all_files(tmp_path) == before


def test_symlink_is_rejected(zip_content: bytes, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("first/labels.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = BytesIO(zip_content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(LabError, match="unexpected file"):
        unpack(buffer, tmp_path / "here")


def test_decompression_bomb_and_too_many_files_are_rejected(
    zip_content: bytes, tmp_path: Path
) -> None:
    buffer = BytesIO(zip_content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first/frames/999.safetensors", bytes(50_000_000))
    for limits in (Limits(unpacked=10_000_000), Limits(files=3)):
        with pytest.raises(LabError, match="a run has at most"):
            unpack(buffer, tmp_path / "here", limits=limits)
    assert all_files(tmp_path / "here") == set()


def test_zip_that_unpacks_to_many_times_its_size_is_rejected(
    zip_content: bytes, tmp_path: Path
) -> None:
    buffer = BytesIO(zip_content)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first/frames/000000999.safetensors", bytes(50_000_000))
    with pytest.raises(LabError, match=r"unpacks to 48 MB.* in a ZIP of this size, 16 MB"):
        unpack(buffer, tmp_path / "here")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_compression_that_no_export_uses_is_rejected(
    zip_content: bytes, tmp_path: Path, method: int
) -> None:
    buffer = BytesIO(zip_content)
    with zipfile.ZipFile(buffer, "a", method) as archive:
        archive.writestr("first/labels.json", "{}")
    with pytest.raises(LabError, match="unexpected file"):
        unpack(buffer, tmp_path / "here")


@pytest.mark.parametrize(
    ("name", "actual", "message"),
    [
        (None, "first", ""),
        ("other", "other", ""),
        ("../../evil", "imported", "'../../evil' cannot be the name of a run.* named imported"),
        (".hidden", "imported", "'.hidden' cannot be the name of a run"),
        ("taken", "taken-2", "There is a run named taken already.* named taken-2"),
    ],
)
def test_another_name_than_the_intended_one_is_said(
    zip_content: bytes, tmp_path: Path, name: str | None, actual: str, message: str
) -> None:
    (tmp_path / "here" / "taken").mkdir(parents=True)
    messages: list[Message] = []
    run = unpack(BytesIO(zip_content), tmp_path / "here", name=name, notify=messages.append)
    assert run.path == tmp_path / "here" / actual
    assert len(messages) == bool(message)
    assert re.search(message, "".join(map(str, messages)))


def test_error_about_a_damaged_zip_names_the_file_in_it(zip_content: bytes, tmp_path: Path) -> None:
    damaged = replace_files(zip_content, run_json=b'{"step": -1}')
    with pytest.raises(LabError, match=r"damaged run: run\.json is damaged at step: input should"):
        unpack(damaged, tmp_path / "here")


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
def test_damaged_or_hand_edited_files_are_rejected(
    zip_content: bytes, tmp_path: Path, files: dict[str, bytes]
) -> None:
    with pytest.raises(LabError):
        unpack(replace_files(zip_content, **files), tmp_path / "here")
    assert all_files(tmp_path / "here") == set()


def test_truncated_zip_is_rejected(zip_content: bytes, tmp_path: Path) -> None:
    for truncated in (zip_content[:-200], zip_content[200:], b""):
        with pytest.raises(LabError):
            unpack(BytesIO(truncated), tmp_path / "here")
