import os
import shutil
import time
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs import index as index_module
from aecore.runs.files import labels
from aecore.runs.index import index
from aecore.runs.run import Run
from tests.support import advance_run, trained

MANY = 5000


@pytest.fixture
def root(tmp_path: Path, small: Dataset, quick: Config) -> Path:
    for name in ("one", "two"):
        trained(tmp_path / name, small, quick)
    os.utime(tmp_path / "one" / "run.json", (1, 1))
    return tmp_path


def test_row_contains_progress_scores_settings_and_size(root: Path, quick: Config) -> None:
    (root / "not a run").mkdir()
    two, one = index(root)
    assert (two["name"], one["name"]) == ("two", "one")
    last = Run(root / "one").history()[-1]
    assert (one["step"], one["total_steps"]) == (10, 24)
    assert (one["held_out"], one["pca"]) == (last["held_out"], last["pca"])
    assert one["config"] == quick.model_dump()
    files = [path for path in (root / "one").rglob("*") if path.is_file()]
    assert one["bytes"] == sum(path.stat().st_size for path in files) > 1000


def test_labels_are_saved_and_damaged_labels_ignored(root: Path) -> None:
    index(root)
    labels.change(root / "one", title="First", tags=["b", " a ", "b", ""], favourite=True)
    labels.change(root / "one", note="It is good.")
    expected = {"title": "First", "tags": ["a", "b"], "note": "It is good.", "favourite": True}
    assert expected.items() <= index(root)[1].items()
    labels.change(root / "one", tags=[], note="")
    assert {"title": "First", "tags": [], "note": ""}.items() <= index(root)[1].items()
    (root / "one" / "labels.json").write_text("[")
    os.utime(root / "one")
    assert index(root)[1]["title"] == ""


def test_only_changed_runs_are_read_again(
    root: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.sleep(0.1)
    before = index(root)
    names_read: list[str] = []
    row = index_module._row

    def recording_row(path: Path) -> index_module.Row:
        names_read.append(path.name)
        return row(path)

    monkeypatch.setattr(index_module, "_row", recording_row)
    assert index(root) == before
    assert names_read == []
    run = Run(root / "one")
    run.claim()
    trainer = run.resume(small)
    advance_run(run, trainer, 2)
    run.save(trainer)
    run.release()
    assert index(root)[0]["step"] == 12
    assert names_read == ["one"]
    (root / index_module.INDEX).write_text('{"version": 1, "runs": 3}')
    assert len(index(root)) == 2


def test_five_thousand_runs_are_listed_within_a_second(root: Path) -> None:
    for number in range(MANY):
        path = root / f"copy{number}"
        path.mkdir()
        for file in ("run.json", "config.json"):
            os.link(root / "one" / file, path / file)
    time.sleep(0.1)
    index(root)
    started = time.process_time()
    assert len(index(root)) == MANY + 2
    assert time.process_time() - started < 1
    shutil.rmtree(root / "copy0")
    assert len(index(root)) == MANY + 1
