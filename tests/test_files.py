"""Atomic writes, on a full disk too; folders that cannot be used."""

import os
from pathlib import Path

import numpy as np
import pytest

from aecore.errors import RunError
from aecore.files import cell, check_readable, check_writable, to_csv, write
from tests.support import full_disk, read_only

OLD, NEW = b"old", bytes(range(100))


@pytest.mark.parametrize("durable", [False, True])
def test_write_that_does_not_fit_keeps_the_old_content_and_leaves_nothing(
    tmp_path: Path, durable: bool
) -> None:
    path = tmp_path / "file"
    write(path, OLD)
    for room in range(len(NEW)):
        with full_disk(room), pytest.raises(OSError, match="File too large"):
            write(path, NEW, durable=durable)
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == OLD
    write(path, NEW, durable=durable)
    assert path.read_bytes() == NEW


def test_write_that_fails_for_any_reason_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "file", NEW)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_as_good_as_the_one_it_would_be_in(tmp_path: Path) -> None:
    for check in (check_readable, check_writable):
        check(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/inside"])
def test_file_is_not_a_folder(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    for check in (check_readable, check_writable):
        with pytest.raises(RunError, match=r"file.* \(Not a directory\); set AECORE_RUNS"):
            check(tmp_path / place)


def test_read_only_folder_can_be_read_and_not_written(public_folder: Path) -> None:
    with read_only(public_folder):
        check_readable(public_folder)
        for folder in (public_folder, public_folder / "inside"):
            with pytest.raises(RunError, match=r"Cannot write to .* \(Permission denied"):
                check_writable(folder)


@pytest.mark.parametrize("text", ["=1+1", "+a", "-a", "@SUM(A1)", "\t=1", "\r=1", "=\n=1"])
def test_text_that_a_spreadsheet_would_compute_gets_an_apostrophe(text: str) -> None:
    assert cell(text).startswith("'")
    assert not set("\t\r\n") & set(cell(text))


@pytest.mark.parametrize("text", ["", "seven", "a=b", "-1", "+2.5e3", "Ünï"])
def test_other_text_is_unchanged(text: str) -> None:
    assert cell(text) == text


def test_text_is_on_one_line() -> None:
    assert cell("a\nb\r\nc\td\u2028e") == "a b c d e"


def test_csv_is_guarded_quoted_and_valid_utf8() -> None:
    rows: list[list[str | float]] = [
        ["a, b\nc", 0.5],
        ['"=1', 1e-9],
        [os.fsdecode(b"\xff") + "=ü", float(np.float32(0.1))],
    ]
    content = to_csv(["file", "=value"], rows)
    assert content.decode() == ('file,=value\n"a, b c",0.5\n"""=1",1e-09\n\\udcff=ü,0.100000001\n')


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-30, -123456.789])
def test_numbers_in_csv_tell_all_of_float32_apart(value: float) -> None:
    number = np.float32(value)
    _, row = to_csv(["value"], [[float(number)]]).decode().splitlines()
    assert np.float32(row) == number
