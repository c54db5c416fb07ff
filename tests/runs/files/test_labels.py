import json
from pathlib import Path

import pytest

from aecore.errors import RunError
from aecore.runs.files import labels

NONE = {"title": "", "tags": [], "note": "", "favourite": False}


def test_labels_change_one_at_a_time(tmp_path: Path) -> None:
    assert labels.read(tmp_path) == NONE
    labels.change(tmp_path, title="First", tags=["b", " a ", "b", ""])
    labels.change(tmp_path, favourite=True)
    assert labels.read(tmp_path) == {
        "title": "First",
        "tags": ["a", "b"],
        "note": "",
        "favourite": True,
    }


@pytest.mark.parametrize(
    "content", ["[", "[]", '{"title": 3}', '{"tags": "a"}', '{"favourite": 1}', '{"note": [1e999]}']
)
def test_invalid_labels_are_ignored(tmp_path: Path, content: str) -> None:
    (tmp_path / "labels.json").write_text(content)
    assert labels.read(tmp_path) == NONE


def test_labels_that_could_not_be_read_again_are_rejected(tmp_path: Path) -> None:
    labels.change(tmp_path, title="First")
    with pytest.raises(RunError, match="at most 5,000 characters"):
        labels.change(tmp_path, note="x" * 6000)
    assert json.loads((tmp_path / "labels.json").read_text())["title"] == "First"
