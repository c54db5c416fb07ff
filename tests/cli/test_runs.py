"""Where the folder of runs is a file, or cannot be written to, each command says so."""

from pathlib import Path
from typing import Any

import pytest

from aecore import files
from aecore.config import Config
from aecore.data import Dataset
from aecore.runs import trash
from aecore.runs.archive import pack
from aecore.runs.run import Run
from tests.cli.conftest import SMALL, Call
from tests.support import read_only, trained

WRITING = ("train", "sweep", "variants", "scaling", "branch", "import")


@pytest.fixture
def arguments(tmp_path: Path, digits: Dataset, quick: Config) -> dict[str, list[Any]]:
    """Return arguments of each command with which it uses the folder of all runs."""
    parent = tmp_path / "parent"
    trained(parent, digits, quick.changed(dataset="digits"), 1)
    (tmp_path / "parent.zip").write_bytes(pack(Run(parent)))
    return {
        "runs": [],
        "train": SMALL,
        "sweep": [*SMALL[:-2], "--bottleneck", "2,3"],
        "variants": ["--dataset", "digits"],
        "scaling": ["--counts", "500"],
        "branch": [parent, "--step", "1", "--noise", "0.5"],
        "import": [tmp_path / "parent.zip"],
    }


def test_folder_of_runs_that_is_a_file_is_reported(
    call: Call, tmp_path: Path, arguments: dict[str, list[Any]]
) -> None:
    (tmp_path / "runs").write_text("")
    for command in ("runs", *WRITING):
        result = call(command, *arguments[command])
        assert (result.code, result.out) == (2, "")
        assert "runs cannot be used as the folder of runs (Not a directory); set" in result.err
    assert "cannot be used" in call("runs", "--root", tmp_path / "parent.zip").err


def test_folder_of_runs_that_cannot_be_written_is_reported_before_the_work(
    call: Call, tmp_path: Path, arguments: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "TemporaryFile", refuse)
    for command in WRITING:
        result = call(command, *arguments[command])
        assert (result.code, result.out) == (2, "")
        assert "Cannot write to" in result.err.splitlines()[-1]
        assert "set AECORE_RUNS to a folder" in result.err.splitlines()[-1]
    assert not (tmp_path / "runs").exists()


def test_runs_in_a_read_only_folder_are_listed(
    call: Call, public_folder: Path, small: Dataset, quick: Config
) -> None:
    for name in "ab":
        trained(public_folder / name, small, quick, 1)
    (public_folder / "b" / ".lock").unlink()
    with read_only(public_folder):
        listed = call("runs", "--root", public_folder, "--json").json
    assert {run["name"]: run["busy"] for run in listed} == {"a": False, "b": False}


def test_deleted_run_is_listed_and_restored(
    call: Call, tmp_path: Path, small: Dataset, quick: Config
) -> None:
    root = tmp_path / "runs"
    trained(root / "a", small, quick, 1)
    assert "The trash is empty." in call("runs", "--root", root, "--trash").err
    trash.move(root, "a")
    assert list(call("runs", "--root", root, "--trash", "--json").json) == ["a"]
    listed = call("runs", "--root", root, "--trash")
    assert listed.out.splitlines()[1].startswith("a ")
    assert "aecore runs --restore NAME" in listed.err
    assert call("runs", "--root", root, "--restore", "a").out.strip() == str(root / "a")
    assert Run(root / "a").summary()["step"] == 1
    again = call("runs", "--root", root, "--restore", "a")
    assert (again.code, again.err.strip()) == (2, "a is no longer in the trash.")
    assert call("runs", "--root", root, "--restore", "a", "--trash").code == 2
