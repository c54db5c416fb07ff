import os
import re
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.runs.folder import new_path, runs, runs_root
from tests.support import trained


def test_runs_are_listed_newest_first_and_invalid_ones_skipped(
    tmp_path: Path, small: Dataset, quick: Config
) -> None:
    for place, name in enumerate("abc"):
        trained(tmp_path / name, small, quick, 1)
        os.utime(tmp_path / name / "run.json", (place, 1000 + place))
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "incomplete").mkdir()
    (tmp_path / "incomplete" / "run.json").write_text("{}")
    (tmp_path / "b" / "config.json").write_text('{"bottleneck": 0}')
    assert [run.name for run in runs(tmp_path)] == ["c", "a"]
    assert list(runs(tmp_path / "nowhere")) == []


def test_runs_root_is_the_environment_variable_or_a_default(tmp_path: Path) -> None:
    assert runs_root({"AECORE_RUNS": str(tmp_path)}) == tmp_path
    assert runs_root({}) == runs_root({"AECORE_RUNS": ""}) == Path.cwd() / "runs"


def test_runs_root_that_is_a_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for use in (lambda path: runs_root({"AECORE_RUNS": str(path)}), lambda path: list(runs(path))):
        with pytest.raises(RunError, match="file cannot be used as the folder of runs"):
            use(tmp_path / "file")


def test_new_paths_are_unique(tmp_path: Path, quick: Config) -> None:
    paths = []
    for _ in range(3):
        paths.append(new_path(tmp_path, quick))
        paths[-1].mkdir()
    assert len(set(paths)) == 3
    assert all(re.match(r"digits-dense-4-\d{8}-\d{6}(-\d)?$", path.name) for path in paths)
