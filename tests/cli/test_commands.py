import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aecore import knob
from aecore.cli import main
from aecore.config import Config
from aecore.runs import trash
from aecore.runs.folder import disk_bytes
from aecore.runs.run import Run
from tests.cli.conftest import SMALL, STEPS, Call

CONSOLE = Path(sys.executable).with_name("aecore")


def test_run_of_another_process_is_locked_until_it_stops(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x"
    command = [str(CONSOLE), "train", *SMALL, "--epochs", "1000", "--out", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            deadline = time.monotonic() + 120
            while not (path / "run.json").exists():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert [run["busy"] for run in call("runs", "--json").json] == [True]
            attempt = call("train", "--resume", "--out", path)
            process.send_signal(signal.SIGTERM)
            _, error_output = process.communicate(timeout=120)
        finally:
            process.kill()
    assert attempt.code == 2
    assert "x is training in another program; pause it there first." in attempt.err
    assert process.returncode == 143
    assert "Resume with: aecore train --resume --out" in error_output
    assert [run["busy"] for run in call("runs", "--json").json] == [False]


def test_help_does_not_import_torch() -> None:
    code = """
import sys
from aecore.cli import main
try:
    main(["--help"])
except SystemExit:
    assert not {"torch", "sklearn", "streamlit", "aecore.cli.train"} & {*sys.modules}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_runs_are_listed_and_damaged_ones_reported(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    assert call("runs", "--root", root, "--json").json == []
    assert "start one with: aecore train" in call("runs", "--root", root).err
    call("train", *SMALL, "--epochs", "2", "--bottleneck", "3", "--out", root / "first")
    (root / "first").rename(root / "renamed")
    (run,) = call("runs", "--root", root, "--json").json
    expected = {"name": "renamed", "dataset": "digits", "bottleneck": 3, "step": 2 * STEPS}
    assert expected.items() <= run.items()
    assert (run["epoch"], run["busy"]) == (2.0, False)
    last = Run(root / "renamed").history()[-1]
    assert (run["held_out"], run["pca"]) == (last["held_out"], last["pca"])
    head, row = call("runs", "--root", root).out.splitlines()
    assert " ".join(head.split()) == "name dataset bottleneck step epoch validation PCA MB busy"
    errors = [f"{last['held_out']:.5f}", f"{last['pca']:.5f}"]
    size = disk_bytes(root / "renamed") / 2**20
    assert run["megabytes"] == pytest.approx(size, abs=1e-3)
    assert row.split() == ["renamed", "digits", "3", "12", "2.0", *errors, f"{size:.1f}"]

    (root / "renamed" / "run.json").write_text("{")
    result = call("runs", "--root", root, "--json")
    assert (result.code, result.json) == (0, [])
    assert "is not valid JSON" in result.err


def test_tables_name_exact_pca_instead_of_its_rounding(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    call("train", *SMALL, "--epochs", "1", "--bottleneck", "64", "--out", root / "wide")
    assert call("runs").out.splitlines()[1].split()[6] == "exact"
    assert call("runs", "--json").json[0]["pca"] < 1e-20
    lines = [line.split() for line in call("score", root / "wide").out.splitlines()]
    assert ["pca_mse", "exact"] in lines
    assert ["pca_mse_clamped", "exact"] in lines


def test_disk_space_is_freed_once_confirmed(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "my runs"
    call("train", *SMALL, "--epochs", "4", "--out", root / "first")
    call("train", *SMALL, "--epochs", "1", "--out", root / "second")
    trash.move(root, "second")
    found = call("runs", "--root", root, "--tidy", "--json").json
    assert (list(found["frames"]), list(found["trash"]), found["freed"]) == (
        ["first"],
        ["second"],
        False,
    )
    said = call("runs", "--root", root, "--tidy")
    assert [line.split()[:2] for line in said.out.splitlines()] == [
        ["what", "run"],
        ["frames", "first"],
        ["trash", "second"],
    ]
    megabytes = sum([*found["frames"].values(), *found["trash"].values()]) / 2**20
    assert f"This would free {megabytes:.1f} MB. To do so: aecore runs --tidy --yes" in said.err
    assert f"--root '{root}'" in said.err
    assert list(trash.sizes(root)) == ["second"]
    assert f"Freed {megabytes:.1f} MB." in call("runs", "--root", root, "--tidy", "--yes").err
    assert trash.sizes(root) == {}
    again = call("runs", "--root", root, "--tidy")
    assert (again.code, again.out, again.err) == (0, "", "There is nothing to free.\n")
    assert call("runs", "--root", root, "--yes").code == 2


def test_knobs_command_prints_the_table(call: Call) -> None:
    assert call("knobs").out == knob.table(Config) + "\n"


def test_missing_command_shows_help_and_unknown_is_rejected(call: Call) -> None:
    assert "train" in call().out
    result = call("trian")
    assert result.code == 2
    assert "trian" in result.err


def test_names_that_are_not_utf8_are_rejected_or_printed_as_they_are(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = os.fsdecode(b"x\xff")
    result = call("train", *SMALL, "--out", tmp_path / name)
    assert result.code == 2
    assert "is not UTF-8" in result.err
    assert not list(tmp_path.iterdir())
    call("train", *SMALL, "--epochs", "1", "--out", tmp_path / "run")
    for error in ("--step", "--nothing"):
        assert call("branch", tmp_path / "run", error, name, "--out", tmp_path / "y").code == 2
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", output)
    with pytest.raises(SystemExit) as exit_info:
        main(["export", str(tmp_path / "run"), "--format", "line", "--out", str(tmp_path / name)])
    assert exit_info.value.code == 0
    output.flush()
    assert output.buffer.getvalue() == os.fsencode(tmp_path) + b"/x\xff\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--bottleneck", "9" * 5000),
        ("train", "--preset", "9" * 5000),
        ("train", "--threads", "9" * 5000),
        ("train", "9" * 5000),
        ("9" * 5000,),
        ("branch", "x", "--step", "9" * 5000),
        ("export", "x", "--format", "9" * 5000),
        ("data", "download", "9" * 5000),
    ],
)
def test_long_values_are_not_repeated_whole(call: Call, arguments: tuple[str, ...]) -> None:
    result = call(*arguments)
    assert result.code == 2
    assert 0 < len(result.err) < 3000
    assert "Traceback" not in result.err
