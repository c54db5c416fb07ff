"""A saved run with damaged files does not take down the pages that list it."""

import json
from pathlib import Path

import pytest

from aecore.config import Config
from aecore.data import Dataset
from tests.dashboard.support import GoToPage, OpenPage
from tests.support import trained


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("run.json", {"step": 3}),
        ("run.json", {"step": 1e999, "total_steps": 10}),
        ("run.json", {"step": 3, "total_steps": 0}),
        ("run.json", {"step": 3, "total_steps": 9, "held_out": "low"}),
        ("run.json", []),
        ("config.json", {"bottleneck": -1}),
        ("labels.json", {"tags": 3}),
        ("checkpoint/state.json", {}),
        (".index.json", {"version": 4, "runs": {"saved": {"stamp": 1, "row": 5}}}),
    ],
)
def test_damaged_run_is_listed_or_left_out(
    root: Path,
    open_page: OpenPage,
    go_to_page: GoToPage,
    digits: Dataset,
    file: str,
    content: object,
) -> None:
    trained(root / "saved", digits, Config(hidden="8", batch_size=500), 3)
    path = (root if file.startswith(".") else root / "saved") / file
    path.write_text(json.dumps(content))
    page = open_page()
    for name in ("train", "compare", "reduce"):
        go_to_page(page, name)
        assert not page.exception
        assert not page.error
