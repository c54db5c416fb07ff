import json
from pathlib import Path

import pytest

from aecore.errors import RunError
from aecore.runs.files.history import History
from aecore.training.snapshot import Record


def row(step: int) -> Record:
    return {
        "step": step,
        "epoch": step / 10,
        "train": 0.1,
        "held_out": 0.2,
        "pca": 0.3,
        "learning_rate": 0.001,
        "bottleneck": 4,
        "stage": 0,
    }


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.jsonl")


def test_rows_are_appended(history: History) -> None:
    rows = [row(1), row(2), row(3)]
    for count in range(4):
        history.append(rows[:count])
    assert History(history.path).read() == rows
    history.check()


def test_rows_of_a_state_that_diverged_are_replaced(history: History) -> None:
    history.append([row(1), row(2), row(3)])
    again: Record = {**row(2), "train": 0.05}
    history.append([row(1), again])
    assert history.read() == [row(1), again]


def test_no_row_is_appended_to_a_torn_one(history: History) -> None:
    history.append([row(1)])
    with history.path.open("a") as file:
        file.write('{"step": 2, "epo')
    history.append([row(1), row(2)])
    assert history.read() == [row(1), row(2)]
    history.check()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is damaged: input should"),
        (json.dumps({**row(2), "step": "2"}), "is damaged at step"),
        (json.dumps({**row(2), "step": True}), "is damaged at step"),
        (json.dumps({**row(2), "step": 10**400}), "is damaged at step"),
        (json.dumps({**row(2), "epoch": float("nan")}), "is damaged at epoch"),
        (json.dumps(row(2)).replace('"step": 2', '"step": 1e999'), "is damaged at step"),
        (json.dumps({**row(2), "train": -1}), "is damaged at train"),
        ("", "is not valid JSON"),
    ],
)
def test_lines_that_are_no_rows_are_skipped_and_found(
    history: History, line: str, problem: str
) -> None:
    history.append([row(1)])
    with history.path.open("a") as file:
        file.write(f"{line}\n{json.dumps(row(3))}\n")
    assert history.read() == [row(1), row(3)]
    with pytest.raises(RunError, match=f"line 2, {problem}"):
        history.check()


def test_missing_history_is_an_error(history: History) -> None:
    with pytest.raises(RunError, match=r"history\.jsonl is missing"):
        history.read()
