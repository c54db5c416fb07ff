"""Run commands in this process, with temporary folders."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from aecore.cli import main

SMALL = [
    *("--dataset", "digits", "--train-size", "300", "--batch-size", "50", "--hidden", "16"),
    *("--threads", "1"),
]
STEPS = 6
"""Steps per epoch with the settings `SMALL`."""


@dataclass(frozen=True)
class CommandResult:
    code: int | str | None
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The only line of the output, parsed."""
        (line,) = self.out.splitlines()
        return json.loads(line)


Call = Callable[..., CommandResult]


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Return a function that runs a command with temporary folders and without wrapping lines."""
    monkeypatch.setenv("AECORE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("AECORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "400")
    # Commands set the number of threads, on which the last bits of later tests depend.
    threads = torch.get_num_threads()

    def run_command(*tokens: object) -> CommandResult:
        capsys.readouterr()
        with pytest.raises(SystemExit) as exit_info:
            main([str(token) for token in tokens])
        torch.set_num_threads(threads)
        return CommandResult(exit_info.value.code, *capsys.readouterr())

    return run_command
