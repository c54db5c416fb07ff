from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.runs import trash
from aecore.runs.folder import disk_bytes
from aecore.runs.index import index
from aecore.runs.run import Run
from tests.support import read_only, saved_files, trained


@pytest.fixture
def root(tmp_path: Path, small: Dataset, quick: Config) -> Path:
    for name in ("one", "two"):
        trained(tmp_path / name, small, quick)
    return tmp_path


def test_deleted_run_can_be_restored(root: Path) -> None:
    before = saved_files(root / "one")
    size = disk_bytes(root / "one")
    assert trash.move(root, "one") == "one"
    assert [row["name"] for row in index(root)] == ["two"]
    assert trash.sizes(root) == {"one": size}
    assert trash.restore(root, "one") == root / "one"
    assert saved_files(root / "one") == before
    assert len(index(root)) == 2
    assert trash.sizes(root) == {}


def test_runs_of_the_same_name_do_not_replace_each_other(
    root: Path, small: Dataset, quick: Config
) -> None:
    trash.move(root, "one")
    trained(root / "one", small, quick, 1)
    assert trash.move(root, "one") == "one-2"
    trained(root / "one", small, quick, 2)
    assert trash.restore(root, "one") == root / "one-2"
    assert Run(root / "one-2").summary()["step"] == 10
    assert Run(root / "one").summary()["step"] == 2


def test_only_the_named_runs_are_deleted_for_good(root: Path) -> None:
    size = disk_bytes(root / "one")
    trash.move(root, "one")
    trash.move(root, "two")
    assert trash.delete(root, ["one", "missing", "../two"]) == {"one": size}
    assert list(trash.sizes(root)) == ["two"]
    with pytest.raises(RunError, match="one is no longer in the trash"):
        trash.restore(root, "one")


def test_missing_run_or_run_in_training_cannot_be_deleted(root: Path) -> None:
    for name in ("../one", ".trash", "missing"):
        with pytest.raises(RunError):
            trash.move(root, name)
    run = Run(root / "one")
    run.claim()
    with pytest.raises(RunError, match="pause it first"):
        trash.move(root, "one")
    run.release()


def test_folder_that_cannot_be_written_is_named(
    public_folder: Path, small: Dataset, quick: Config
) -> None:
    trained(public_folder / "one", small, quick, 1)
    with read_only(public_folder), pytest.raises(RunError, match="cannot be moved: Permission"):
        trash.move(public_folder, "one")
