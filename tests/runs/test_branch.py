from pathlib import Path
from typing import Any

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs.branch import branch
from aecore.runs.run import Run
from tests.support import advance, advance_run, same


@pytest.fixture
def parent(tmp_path: Path, small: Dataset, quick: Config) -> Run:
    run = Run.create(tmp_path / "parent", quick)
    trainer = run.start(small)
    advance_run(run, trainer, 6)
    trainer.change(noise=0.3)
    advance_run(run, trainer, 6)
    run.save(trainer)
    run.release()
    return run


def test_branch_equals_its_parent_up_to_the_step(
    parent: Run, tmp_path: Path, small: Dataset
) -> None:
    reports: list[tuple[int, int]] = []
    run, trainer = branch(
        parent, 9, small, tmp_path / "twin", report=lambda *at: reports.append(at)
    )
    assert trainer.steps == 9
    assert reports[-1] == (9, 9)
    advance(trainer, 3)
    reopened = Run(parent.path)
    reopened.claim()
    resumed = reopened.resume(small)
    same(trainer, resumed)
    reopened.release()
    run.release()


def test_branch_differs_only_in_the_given_settings(
    parent: Run, tmp_path: Path, small: Dataset
) -> None:
    run, trainer = branch(parent, 8, small, tmp_path / "other", noise=0.0, bottleneck=3)
    assert (trainer.config.noise, trainer.config.bottleneck) == (0.0, 3)
    assert [edit["step"] for edit in trainer.edits] == [6, 8]
    advance_run(run, trainer, 2)
    assert [row for row in run.history() if row["step"] <= 8] == [
        row for row in parent.history() if row["step"] <= 8
    ]
    run.release()


def test_branch_at_a_change_of_its_parent_includes_that_change(
    parent: Run, tmp_path: Path, small: Dataset
) -> None:
    run, trainer = branch(parent, 6, small, tmp_path / "there", bottleneck=3)
    assert (trainer.config.noise, trainer.config.bottleneck) == (0.3, 3)
    run.release()


@pytest.mark.parametrize(
    ("step", "changes", "message"),
    [
        (99, {}, "is at step 12"),
        (3, {"seed": 5}, "live settings only"),
        (3, {"noise": 7}, "noise"),
    ],
)
def test_invalid_branch_is_rejected_and_leaves_nothing_behind(
    parent: Run, tmp_path: Path, small: Dataset, step: int, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(LabError, match=message):
        branch(parent, step, small, tmp_path / "none", **changes)
    assert not (tmp_path / "none").exists()
