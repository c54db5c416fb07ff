from pathlib import Path

import pytest

from aecore.errors import RunError
from aecore.files import check_readable, check_writable
from tests.support import read_only


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
