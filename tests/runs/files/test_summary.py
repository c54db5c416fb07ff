import json
from pathlib import Path
from typing import Any

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.runs.run import Run
from tests.support import trained


@pytest.fixture
def run(tmp_path: Path, small: Dataset, quick: Config) -> Run:
    trained(tmp_path / "a", small, quick, 3)
    return Run(tmp_path / "a")


def edit(run: Run, **values: Any) -> None:
    path = run.path / "run.json"
    content = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({n: v for n, v in content.items() if v is not ...}))


def test_saved_summary_is_read(run: Run, small: Dataset) -> None:
    summary = run.summary()
    assert (summary["name"], summary["step"], summary["total_steps"]) == ("a", 3, 24)
    assert summary["held_out"] == run.history()[-1]["held_out"]
    assert summary["fingerprint"] == small.fingerprint
    assert not run.finished


def test_total_may_be_missing(run: Run) -> None:
    edit(run, total_steps=...)
    assert run.summary()["step"] == 3
    assert not run.finished


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", ...),
        ("step", "3"),
        ("step", 2.5),
        ("step", -1),
        ("step", 10**400),
        ("step", float("inf")),
        ("total_steps", None),
        ("epoch", float("nan")),
        ("held_out", [0.1]),
        ("settings", {"bottleneck": {}}),
        ("settings", {"no setting": 1}),
        ("dataset", 3),
        ("fingerprint", "../../x"),
        ("name", "x" * 256),
    ],
)
def test_invalid_summary_is_rejected(run: Run, name: str, value: object) -> None:
    edit(run, **{name: value})
    with pytest.raises(RunError, match=rf"run\.json is damaged at {name}"):
        run.summary()


def test_file_larger_than_any_summary_is_not_read(run: Run) -> None:
    (run.path / "run.json").write_bytes(b" " * (16 * 2**20 + 1))
    with pytest.raises(RunError, match="larger than 16 MB"):
        run.summary()


def test_folder_in_place_of_the_file_is_an_error(run: Run) -> None:
    (run.path / "run.json").unlink()
    (run.path / "run.json").mkdir()
    with pytest.raises(RunError, match=r"run\.json cannot be read"):
        run.summary()
