"""Running a command in this process, with folders of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aecore.cli import main

SMALL = [
    *("--dataset", "digits", "--train-size", "300", "--batch-size", "50", "--hidden", "16"),
    *("--threads", "1"),
]
STEPS = 6
"""Steps of an epoch of `SMALL`."""


@dataclass(frozen=True)
class Said:
    code: int | str | None
    out: str
    err: str

    @property
    def result(self) -> Any:
        (line,) = self.out.splitlines()
        return json.loads(line)


Call = Callable[..., Said]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Run a command in this process, with folders of its own and nothing wrapped."""
    monkeypatch.setenv("AECORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "400")

    def call(*tokens: object) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(token) for token in tokens])
        return Said(end.value.code, *capsys.readouterr())

    return call
