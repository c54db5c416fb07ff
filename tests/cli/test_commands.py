import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aecore import data, knob
from aecore.config import Config
from aecore.runs.run import Run
from tests.cli.conftest import SMALL, STEPS, Call

CONSOLE = Path(sys.executable).with_name("aecore")


def test_a_run_trained_elsewhere_is_busy_refused_and_stopped(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x"
    line = [str(CONSOLE), "train", *SMALL, "--epochs", "1000", "--out", str(path)]
    other = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with other:
        try:
            limit = time.monotonic() + 120
            while not (path / "run.json").exists():
                assert other.poll() is None
                assert time.monotonic() < limit
                time.sleep(0.05)
            assert [run["busy"] for run in call("runs", "--json").result] == [True]
            refused = call("train", "--resume", "--out", path)
            other.send_signal(signal.SIGTERM)
            _, told = other.communicate(timeout=120)
        finally:
            other.kill()
    assert refused.code == 2
    assert "x is training in another program; pause it there first." in refused.err
    assert other.returncode == 143
    assert "Resume with: aecore train --resume --out" in told
    assert [run["busy"] for run in call("runs", "--json").result] == [False]


def test_asking_for_help_imports_no_torch() -> None:
    code = """
import sys
from aecore.cli import main
try:
    main(["--help"])
except SystemExit:
    assert not {"torch", "sklearn", "streamlit", "aecore.cli.train"} & {*sys.modules}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_runs_are_listed_and_what_is_damaged_is_told(call: Call, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    assert call("runs", "--root", root, "--json").result == []
    assert "start one with: aecore train" in call("runs", "--root", root).err
    call("train", *SMALL, "--epochs", "2", "--bottleneck", "3", "--out", root / "first")
    (root / "first").rename(root / "renamed")
    (run,) = call("runs", "--root", root, "--json").result
    known = {"name": "renamed", "dataset": "digits", "bottleneck": 3, "step": 2 * STEPS}
    assert known.items() <= run.items()
    assert (run["epoch"], run["busy"]) == (2.0, False)
    last = Run(root / "renamed").history()[-1]
    assert (run["held_out"], run["pca"]) == (last["held_out"], last["pca"])
    head, row = call("runs", "--root", root).out.splitlines()
    assert " ".join(head.split()) == "name dataset bottleneck step epoch held-out PCA busy"
    errors = [f"{last['held_out']:.5f}", f"{last['pca']:.5f}"]
    assert row.split() == ["renamed", "digits", "3", "12", "2.0", *errors]

    (root / "renamed" / "run.json").write_text("{")
    said = call("runs", "--root", root, "--json")
    assert (said.code, said.result) == (0, [])
    assert "is not valid JSON" in said.err


def test_own_images_are_added_listed_and_learnt_from(call: Call, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (150, 6, 6), np.uint8)
    np.savez(tmp_path / "pictures.npz", images=pictures)
    said = call("data", "add", tmp_path / "pictures.npz", "--name", "mine", "--size", "5")
    assert (said.code, said.err) == (0, "")
    assert said.out == "mine: 120 training images and 30 held out, 5 by 5.\n"
    listed = call("data", "list").out.splitlines()
    assert any(line.split()[:2] == ["mine", "available"] for line in listed)
    assert any(line.startswith("mnist") and "12 MB to download" in line for line in listed)
    line = ["--dataset", "mine", "--train-size", "100", "--epochs", "1", "--hidden", "8"]
    assert call("train", *line, "--threads", "1", "--json").result["dataset"] == "mine"


def test_a_bad_file_and_a_bad_name_are_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "letter.csv").write_text("Dear reader,\nthis is no picture.\n")
    for path, name in (("letter.csv", "mine"), ("nowhere.zip", "mine"), (".", "mnist")):
        said = call("data", "add", tmp_path / path, "--name", name)
        assert (said.code, said.out) == (2, "")
        assert (path if path != "." else "mnist") in said.err
        assert len(said.err.splitlines()) == 1
    assert "choose one of mnist," in call("data", "download", "nothing").err


def test_a_download_shows_its_progress_and_says_where_it_is(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(name: str, *, progress: Callable[[int, int], None]) -> None:
        progress(3_000_000, 12_000_000)

    monkeypatch.setattr(data, "download", fetch)
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = call("data", "download", "mnist")
    assert (said.code, said.out) == (0, f"mnist is in {tmp_path / 'data'}.\n")
    assert "3.0/12.0 MB" in said.err


def test_the_table_of_knobs_is_printed(call: Call) -> None:
    assert call("knobs").out == knob.table(Config) + "\n"


def test_no_command_shows_help_and_an_unknown_one_is_refused(call: Call) -> None:
    assert "train" in call().out
    said = call("trian")
    assert said.code == 2
    assert "trian" in said.err
