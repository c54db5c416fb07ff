from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.runs import trash
from aecore.runs.files import labels
from aecore.runs.folder import disk_bytes
from aecore.runs.index import index
from aecore.runs.run import Run
from aecore.runs.tidy import FRAMES_KEPT, Savings, find_savings, tidy
from tests.support import advance_run, saved_files, trained


@pytest.fixture
def root(tmp_path: Path, small: Dataset, quick: Config) -> Path:
    """Return a folder of two finished runs, an unfinished one and a favourite."""
    for name, steps in (("one", 24), ("two", 24), ("unfinished", 23), ("favourite", 24)):
        trained(tmp_path / name, small, quick, steps)
    labels.change(tmp_path / "favourite", favourite=True)
    return tmp_path


def test_looking_deletes_nothing_and_says_exactly_what_tidying_frees(root: Path) -> None:
    trash.move(root, "two")
    before, size = saved_files(root), disk_bytes(root)
    savings = find_savings(root)
    assert saved_files(root) == before
    assert set(savings.frames) == {"one"}
    assert set(savings.trash) == {"two"}
    assert tidy(root, savings) == savings
    assert disk_bytes(root) == size - savings.bytes
    assert savings.bytes > 100_000
    assert find_savings(root) == Savings()


def test_tidied_run_keeps_its_first_and_last_step_and_can_be_resumed(
    root: Path, small: Dataset
) -> None:
    before = Run(root / "one").frames()
    tidy(root, find_savings(root))
    run = Run(root / "one")
    assert len(run.frames()) == FRAMES_KEPT < len(before)
    assert set(run.frames()) < set(before)
    assert (run.frames()[0], run.frames()[-1]) == (before[0], before[-1])
    assert run.frame().step == 24
    run.claim()
    trainer = run.resume(small)
    trainer.change(epochs=8)
    advance_run(run, trainer, 8)
    run.save(trainer)
    run.release()
    assert run.frames()[-1] == 32


def test_sizes_in_the_index_follow(root: Path) -> None:
    before = {row["name"]: row["bytes"] for row in index(root)}
    savings = find_savings(root)
    tidy(root, savings)
    after = {row["name"]: row["bytes"] for row in index(root)}
    for name in ("one", "two", "unfinished", "favourite"):
        assert before[name] - after[name] == savings.frames.get(name, 0)


def test_what_changed_since_the_look_is_decided_from_the_disk(
    root: Path, small: Dataset, quick: Config
) -> None:
    trash.move(root, "unfinished")
    savings = find_savings(root)
    assert set(savings.frames) == {"one", "two"}
    # Another tab opens one run and makes the other a favourite, and deletes a third.
    opened = Run(root / "one")
    opened.claim()
    labels.change(root / "two", favourite=True)
    trash.move(root, "favourite")
    assert tidy(root, savings) == Savings(trash=savings.trash)
    assert list(trash.sizes(root)) == ["favourite"]
    for name in ("one", "two"):
        assert len(Run(root / name).frames()) > FRAMES_KEPT
    opened.release()


def test_run_in_training_is_not_looked_at(root: Path) -> None:
    opened = Run(root / "one")
    opened.claim()
    assert set(find_savings(root).frames) == {"two"}
    opened.release()


def test_run_that_vanished_or_is_damaged_is_left_alone(root: Path) -> None:
    savings = find_savings(root)
    (root / "one").rename(root / "renamed")
    (root / "two" / "run.json").write_text("[]")
    before = saved_files(root)
    assert tidy(root, savings) == Savings()
    assert {name: saved_files(root).get(name) for name in before} == before


def test_without_a_folder_or_runs_there_is_nothing_to_free(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "missing"):
        assert find_savings(root) == Savings()
        assert tidy(root, Savings(trash={"x": 1}, frames={"y": 1})) == Savings()
    assert not (tmp_path / trash.TRASH).exists()
