import os
import shutil
import time
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs import index as index_module
from aecore.runs.index import empty_trash, index, move_to_trash, restore, set_labels, trashed
from aecore.runs.run import Run
from tests.support import advance_run, trained

MANY = 5000


@pytest.fixture
def root(tmp_path: Path, small: Dataset, quick: Config) -> Path:
    for name in ("one", "two"):
        trained(tmp_path / name, small, quick)
    os.utime(tmp_path / "one" / "run.json", (1, 1))
    return tmp_path


def test_a_row_says_where_a_run_stands(root: Path, quick: Config) -> None:
    (root / "no run").mkdir()
    two, one = index(root)
    assert (two["name"], one["name"]) == ("two", "one")
    last = Run(root / "one").history()[-1]
    assert (one["step"], one["total_steps"]) == (10, 24)
    assert (one["held_out"], one["pca"]) == (last["held_out"], last["pca"])
    assert one["config"] == quick.model_dump()
    files = [path for path in (root / "one").rglob("*") if path.is_file()]
    assert one["bytes"] == sum(path.stat().st_size for path in files) > 1000


def test_labels_are_kept_and_what_was_edited_is_as_if_not_said(root: Path) -> None:
    index(root)
    set_labels(root / "one", title="First", tags=["b", " a ", "b", ""], favourite=True)
    set_labels(root / "one", note="It is good.")
    said = {"title": "First", "tags": ["a", "b"], "note": "It is good.", "favourite": True}
    assert said.items() <= index(root)[1].items()
    set_labels(root / "one", tags=[], note="")
    assert {"title": "First", "tags": [], "note": ""}.items() <= index(root)[1].items()
    (root / "one" / "labels.json").write_text("[")
    os.utime(root / "one")
    assert index(root)[1]["title"] == ""


def test_what_changed_is_read_again_and_nothing_else(
    root: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.1)
    before = index(root)
    read: list[str] = []
    row = index_module._row

    def noted(path: Path) -> index_module.Row:
        read.append(path.name)
        return row(path)

    monkeypatch.setattr(index_module, "_row", noted)
    assert index(root) == before
    assert read == []
    run = Run(root / "one")
    run.claim()
    trainer = run.resume(small)
    advance_run(run, trainer, 2)
    run.save(trainer)
    run.release()
    assert index(root)[0]["step"] == 12
    assert read == ["one"]
    (root / index_module.INDEX).write_text('{"version": 1, "runs": 3}')
    assert len(index(root)) == 2


def test_a_deleted_run_comes_back_until_the_trash_is_emptied(root: Path, small: Dataset) -> None:
    where = move_to_trash(root, "one")
    assert [row["name"] for row in index(root)] == ["two"]
    assert trashed(root) == [where]
    assert restore(root, where) == root / "one"
    assert len(index(root)) == 2
    where = move_to_trash(root, "one")
    trained(root / "one", small, Run(root / "two").config)
    assert restore(root, where) == root / "one-2"
    where = move_to_trash(root, "one-2")
    empty_trash(root)
    assert trashed(root) == []
    with pytest.raises(LabError, match="no longer in the trash"):
        restore(root, where)


def test_only_a_run_that_nobody_trains_is_deleted(root: Path) -> None:
    for name in ("../one", ".trash", "missing"):
        with pytest.raises(LabError):
            move_to_trash(root, name)
    run = Run(root / "one")
    run.claim()
    with pytest.raises(LabError, match="pause it first"):
        move_to_trash(root, "one")
    run.release()


def test_five_thousand_runs_are_listed_at_once(root: Path) -> None:
    for number in range(MANY):
        path = root / f"copy{number}"
        path.mkdir()
        for file in ("run.json", "config.json"):
            os.link(root / "one" / file, path / file)
    time.sleep(0.1)
    index(root)
    began = time.process_time()
    assert len(index(root)) == MANY + 2
    assert time.process_time() - began < 1
    shutil.rmtree(root / "copy0")
    assert len(index(root)) == MANY + 1
