import shlex
from pathlib import Path

from aecore.config import Config
from aecore.data import load
from aecore.runs.run import Run
from tests.cli.conftest import SMALL, Call
from tests.support import trained

TINY = ["--dataset", "digits", "--hidden", "16", "--batch-size", "128", "--epochs", "1"]


def test_a_sweep_makes_every_combination_and_goes_on(call: Call, tmp_path: Path) -> None:
    line = ["sweep", *TINY, "--bottleneck", "2,4", "--processes", "1"]
    first = call(*line, "--out", tmp_path, "--json")
    assert [row["bottleneck"] for row in first.result] == ["2", "4"]
    assert all(row["held_out"] > 0 and row["reason"] is None for row in first.result)
    assert "2 runs" in first.err
    more = call(*line, "--noise", "0,2", "--out", tmp_path, "--json").result
    assert [bool(row["reason"]) for row in more] == [False, True, False, True]
    assert {row["run"] for row in more[::2]} == {row["run"] for row in first.result}
    assert "held-out" in call(*line, "--out", tmp_path).out


def test_a_run_leaves_and_comes_back(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "1", "--out", tmp_path / "x")
    made = Path(call("export", tmp_path / "x", "--out", tmp_path / "x.zip").out.strip())
    taken = Path(call("import", made, "--name", "back").out.strip())
    assert Run(taken).history() == Run(tmp_path / "x").history()
    assert call("export", tmp_path / "x", "--format", "docx").code == 2
    assert call("import", tmp_path / "none.zip").code == 2
    assert call("export", tmp_path / "x", "--out", tmp_path).code == 2


def test_a_branch_is_made_and_gone_on_with(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "1", "--out", tmp_path / "x")
    step = Run(tmp_path / "x").frames()[-1]
    made = call("branch", tmp_path / "x", "--step", step, "--noise", "0.4", "--out", tmp_path / "y")
    assert made.code == 0
    assert Run(tmp_path / "y").frame().config.noise == 0.4


def test_the_exported_command_makes_the_run_again(call: Call, tmp_path: Path) -> None:
    bare = Config(dataset="digits", epochs=1, hidden="16")
    trained(tmp_path / "x", load("digits"), bare, steps=6)
    line = Path(
        call("export", tmp_path / "x", "--format", "line", "--out", tmp_path / "l").out.strip()
    )
    words = shlex.split(line.read_text())[1:]
    call(*words, "--out", tmp_path / "again")
    assert Run(tmp_path / "again").config == bare
    assert Run(tmp_path / "again").history() == Run(tmp_path / "x").history()
