import shlex
from pathlib import Path

from aecore.config import Config
from aecore.data import load
from aecore.runs.run import Run
from tests.cli.conftest import SMALL, Call
from tests.support import trained

TINY = ["--dataset", "digits", "--hidden", "16", "--batch-size", "128", "--epochs", "1"]


def test_sweep_trains_every_combination_and_reuses_finished_runs(
    call: Call, tmp_path: Path
) -> None:
    command = ["sweep", *TINY, "--bottleneck", "2,4", "--processes", "1"]
    first = call(*command, "--out", tmp_path, "--json")
    assert [row["bottleneck"] for row in first.json] == ["2", "4"]
    assert all(row["held_out"] > 0 and row["reason"] is None for row in first.json)
    assert "2 runs" in first.err
    extended = call(*command, "--noise", "0,2", "--out", tmp_path, "--json").json
    assert [bool(row["reason"]) for row in extended] == [False, True, False, True]
    assert {row["run"] for row in extended[::2]} == {row["run"] for row in first.json}
    assert "validation" in call(*command, "--out", tmp_path).out


def test_table_of_a_sweep_names_exact_pca(call: Call, tmp_path: Path) -> None:
    command = ["sweep", *TINY, "--bottleneck", "2,64", "--processes", "1", "--out", tmp_path]
    _, narrow, wide = (line.split() for line in call(*command).out.splitlines())
    assert narrow[0] == "2"
    assert narrow[2].startswith("0.0")
    assert wide[:1] + wide[2:3] == ["64", "exact"]


def test_run_can_be_exported_and_imported(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "1", "--out", tmp_path / "x")
    archive = Path(call("export", tmp_path / "x", "--out", tmp_path / "x.zip").out.strip())
    imported = Path(call("import", archive, "--name", "back").out.strip())
    assert Run(imported).history() == Run(tmp_path / "x").history()
    assert call("export", tmp_path / "x", "--format", "docx").code == 2
    assert call("import", tmp_path / "none.zip").code == 2
    renamed = call("import", archive, "--name", "../../evil")
    assert Path(renamed.out.strip()) == Path(imported).with_name("imported")
    assert "'../../evil' cannot be the name of a run" in renamed.err
    assert call("export", tmp_path / "x", "--out", tmp_path).code == 2


def test_branch_is_created_with_a_changed_setting(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--epochs", "1", "--out", tmp_path / "x")
    step = Run(tmp_path / "x").frames()[-1]
    result = call(
        "branch", tmp_path / "x", "--step", step, "--noise", "0.4", "--out", tmp_path / "y"
    )
    assert result.code == 0
    assert Run(tmp_path / "y").frame().config.noise == 0.4


def test_exported_command_reproduces_the_run(call: Call, tmp_path: Path) -> None:
    config = Config(dataset="digits", epochs=1, hidden="16")
    trained(tmp_path / "x", load("digits"), config, steps=6)
    file = Path(
        call("export", tmp_path / "x", "--format", "line", "--out", tmp_path / "l").out.strip()
    )
    arguments = shlex.split(file.read_text())[1:]
    call(*arguments, "--out", tmp_path / "reproduced")
    assert Run(tmp_path / "reproduced").config == config
    assert Run(tmp_path / "reproduced").history() == Run(tmp_path / "x").history()
