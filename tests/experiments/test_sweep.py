"""Sweeps give the same results as single runs, even if a process is killed."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import dask.config
import pytest

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.experiments.grid import Planned, grid, sample
from aecore.experiments.sweep import folder_name, sweep
from aecore.network.inference import decode, encode, error
from aecore.runs import archive
from aecore.runs.files.tensors import to_bytes
from aecore.runs.run import Run
from aecore.training.trainer import Trainer
from tests.support import saved_files, trained, until

BASE = {"hidden": "12", "batch_size": 32, "epochs": 9, "precision": "float32"}


def plan(**values: list[object]) -> list[Planned]:
    return grid(BASE, values)


def test_grid_has_every_combination_and_marks_invalid_ones() -> None:
    planned = grid(
        {"code_activation": "linear"}, {"loss": ["mse", "bce"], "bottleneck": [2, 8, 32]}
    )
    assert [p.values for p in planned][:4] == [
        *({"loss": "mse", "bottleneck": d} for d in (2, 8, 32)),
        {"loss": "bce", "bottleneck": 2},
    ]
    assert [p.config is None for p in planned] == [False] * 3 + [True] * 3
    assert "switch linear_path off" in str(planned[3].reason)
    with pytest.raises(LabError, match="noise has no values"):
        grid({}, {"noise": []})
    with pytest.raises(LabError, match="20,000 runs"):
        grid({}, {"seed": range(20000)})


def test_sample_is_drawn_without_replacement_from_any_space() -> None:
    sampled = sample({}, {"bottleneck": range(1, 11), "seed": range(10)}, 30, seed=1)
    assert len({tuple(p.values.values()) for p in sampled}) == 30
    assert sampled == sample({}, {"bottleneck": range(1, 11), "seed": range(10)}, 30, seed=1)
    from_vast_space = sample({}, {"bottleneck": range(1, 1001), "seed": range(10**6)}, 20)
    assert len({tuple(p.values.values()) for p in from_vast_space}) == 20


def test_runs_match_a_single_trainer_and_invalid_ones_are_rows(
    small: Dataset, tmp_path: Path
) -> None:
    invalid = Planned({"noise": 2}, None, LabError("noise is 2"))
    rows = list(sweep([*plan(bottleneck=[2, 5]), invalid], small, root=tmp_path / "s", processes=1))
    assert [row.done for row in rows] == [1, 2, 3]
    assert [row.place for row in rows] == [2, 0, 1]
    assert str(rows[0].reason) == "noise is 2"
    for row in rows[1:]:
        assert row.summary["step"] == row.summary["total_steps"] == 36
        alone = tmp_path / f"alone{row.place}"
        trained(alone, small, Run(tmp_path / "s" / row.name).config, 36)
        assert saved_files(alone) == saved_files(tmp_path / "s" / row.name)
        assert row.summary["seconds"] > 0
    assert rows[-1].seconds_left == 0


def test_finished_runs_are_not_trained_again(
    small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = list(sweep(plan(bottleneck=[2]), small, root=tmp_path, processes=1))
    before = (tmp_path / first[0].name / "run.json").stat().st_mtime_ns
    both = list(sweep(plan(bottleneck=[2, 3]), small, root=tmp_path, processes=1))
    assert {row.values["bottleneck"] for row in both} == {2, 3}
    assert (tmp_path / first[0].name / "run.json").stat().st_mtime_ns == before
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    repeated = list(sweep(plan(bottleneck=[2, 3]), small, root=tmp_path, processes=1))
    assert [row.reason for row in repeated] == [None, None]


def test_repeatedly_crashing_worker_gives_a_reason(
    small: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aecore.experiments.pool.COMMAND", ("false",))
    (row,) = sweep(plan(bottleneck=[2]), small, root=tmp_path, processes=1)
    assert "exit code 1" in str(row.reason)


def test_halving_stops_poor_runs_and_does_not_change_the_best(
    small: Dataset, tmp_path: Path
) -> None:
    values = plan(bottleneck=[1, 4], linear_path=[True, False], seed=[0, 1])
    rows = list(sweep(values, small, root=tmp_path / "h", halving=True))
    assert sorted(row.place for row in rows) == list(range(8))
    completed = [row for row in rows if not row.stopped]
    assert len(completed) == 1
    trained(tmp_path / "alone", small, Run(tmp_path / "h" / completed[0].name).config, 36)
    assert saved_files(tmp_path / "alone") == saved_files(tmp_path / "h" / completed[0].name)
    assert sorted(row.summary["step"] for row in rows) == [4] * 5 + [12] * 2 + [36]
    assert all(row.summary["seconds"] > 0 for row in rows)


def test_halving_keeps_the_run_of_the_lowest_error_on_validation_images(
    small: Dataset, tmp_path: Path
) -> None:
    """The test images are those that one of the poor runs reconstructs best."""
    good, *poor = (
        Config(**{**BASE, "linear_path": linear_path, "bottleneck": width, "seed": seed})
        for linear_path, width, seed in ((True, 4, 0), (False, 1, 0), (False, 1, 1))
    )
    trainers = [Trainer(small, each) for each in (good, poor[0])]
    for trainer in trainers:
        trainer.train(4)
    images = small.test_images
    for _ in range(5):
        images = to_bytes(decode(trainers[1].model, encode(trainers[1].model, images)))
    dataset = replace(small, test_images=images)
    good_error, poor_error = (error(trainer.model, images) for trainer in trainers)
    assert poor_error < good_error
    rows = list(sweep([good, *poor], dataset, root=tmp_path, processes=1, halving=True))
    assert [row.place for row in rows if not row.stopped] == [0]


def test_sweep_can_be_cancelled(small: Dataset, tmp_path: Path) -> None:
    cancel = threading.Event()
    long = grid({**BASE, "epochs": 1000}, {"seed": [0, 1, 2]})
    first = grid(BASE, {"bottleneck": [2]})
    start = time.monotonic()
    rows = []
    for row in sweep([*first, *long], small, root=tmp_path, processes=1, cancel=cancel):
        rows.append(row)
        cancel.set()
    assert len(rows) == 1
    assert time.monotonic() - start < 60
    assert [path.name for path in tmp_path.glob("*-*")] == [rows[0].name]


INTERRUPTED = {"hidden": "16", "batch_size": 16, "epochs": 2}
SCRIPT = f"""
import sys
from pathlib import Path
from aecore.experiments.grid import grid
from aecore.experiments.sweep import sweep
plan = grid({INTERRUPTED}, {{"seed": range(5)}})
for row in sweep(plan, "digits", root=Path(sys.argv[1]), processes=1):
    print(row.name, row.reason, flush=True)
"""


def test_killed_sweep_resumes_with_the_missing_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        done = [first.stdout.readline().split()[0] for _ in range(2)]
        os.kill(first.pid, signal.SIGKILL)
    before = {name: (tmp_path / name / "run.json").stat().st_mtime_ns for name in done}
    rows = list(sweep(grid(INTERRUPTED, {"seed": range(5)}), "digits", root=tmp_path, processes=1))
    assert [row.reason for row in rows] == [None] * 5
    for name, modified in before.items():
        assert (tmp_path / name / "run.json").stat().st_mtime_ns == modified
    folders = [path for path in tmp_path.iterdir() if not path.name.startswith(".")]
    assert len(folders) == 5


def start_dask(*words: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]]
    return subprocess.Popen(command, stderr=pipe, stdout=subprocess.DEVNULL, text=True)


def test_cluster_gives_identical_runs_even_if_a_worker_is_killed(
    digits: Dataset, tmp_path: Path
) -> None:
    base = {**BASE, "hidden": "16", "epochs": 2, "dataset": "digits"}
    runs = grid(base, {"bottleneck": [2, 4], "seed": [0, 1, 2, 3]})
    file, address = tmp_path / "scheduler.json", ""
    options = ("--scheduler-file", str(file))
    quiet = ("--no-dashboard",)
    scheduler = start_dask("dask_scheduler", "--port", "0", "--host", "127.0.0.1", *options, *quiet)
    worker_options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(tmp_path))
    workers = [start_dask("dask_worker", *options, *worker_options, *quiet) for _ in range(2)]
    try:
        # Dask creates the file before it writes the address.
        until(lambda: file.exists() and file.stat().st_size > 0, 60)
        address = json.loads(file.read_text())["address"]
        remote = []
        for row in sweep(runs, digits, root=tmp_path / "remote", scheduler=address):
            remote.append(row)
            if len(remote) == 3:
                workers[0].kill()
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.communicate()
    local = list(sweep(runs, digits, root=tmp_path / "local"))
    assert sorted(row.place for row in remote) == list(range(8))
    assert [row.reason for row in (*remote, *local)] == [None] * 16
    for each in runs:
        assert each.config is not None
        name = folder_name(each.config)
        assert saved_files(tmp_path / "remote" / name) == saved_files(tmp_path / "local" / name)


def test_encrypted_scheduler_needs_certificates(small: Dataset, tmp_path: Path) -> None:
    rows = (sweep(plan(seed=[0]), small, root=tmp_path, scheduler="tls://x:1") for _ in range(2))
    with pytest.raises(LabError, match="tls://x:1 needs certificates; name them under"):
        next(next(rows))
    names = ("ca-file", "client.cert")
    settings = {f"distributed.comm.tls.{name}": str(tmp_path / "absent.pem") for name in names}
    with (
        dask.config.set(settings),
        pytest.raises(LabError, match="certificates named in Dask's configuration cannot be read"),
    ):
        next(next(rows))


def test_missing_scheduler_and_invalid_zip_raise_errors(small: Dataset, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="start one with: dask scheduler"):
        next(iter(sweep(plan(seed=[0]), small, root=tmp_path, scheduler="nowhere://x")))
    with pytest.raises(LabError, match="ZIP cannot be read"):
        archive.unpack(Path(__file__), tmp_path)
