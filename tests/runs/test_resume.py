"""Compare runs that are killed repeatedly with uninterrupted ones; also the script that kills."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aecore.cli import main
from tests.support import saved_files

KILLS = 10
EPOCHS = "40"
ARGUMENTS = [
    *("train", "--dataset", "digits", "--train-size", "800", "--batch-size", "64"),
    *("--epochs", EPOCHS, "--hidden", "32", "--bottleneck", "4", "--noise", "0.3"),
    *("--threads", "1", "--json"),
]
TOTAL = int(EPOCHS) * 13
MOST_STEPS = TOTAL // (KILLS + 2)
TIMEOUT_SECONDS = 60.0


def saved_step(path: Path) -> int:
    """Return the step of the checkpoint, or -1 if there is none."""
    try:
        return int(json.loads((path / "checkpoint" / "state.json").read_text())["step"])
    except FileNotFoundError:
        return -1


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def train_in_child(*extra: str) -> int:
    """Train in a forked process, where everything is already imported."""
    child = os.fork()
    if child == 0:
        try:
            main([*ARGUMENTS, *extra])
        except SystemExit as exit_error:
            os._exit(int(str(exit_error.code)))
        finally:
            os._exit(99)
    return child


def kill_repeatedly(uninterrupted: Path, interrupted: Path) -> None:
    """Train one run without interruption; kill the other at random times, resuming it each time."""
    from aecore.runs import run

    # Frequent saving makes many kills hit a save.
    run.LEAST_SECONDS_UNSAVED, run.SAVING_SHARE = 0.0, 0.5
    started = time.monotonic()
    assert os.waitpid(train_in_child("--out", str(uninterrupted)), 0)[1] == 0
    longest_delay = (time.monotonic() - started) / (2 * KILLS)
    delays, kills = random.Random(0), []
    for _ in range(KILLS):
        before = saved_step(interrupted)
        child = train_in_child("--resume", "--out", str(interrupted))
        wait_for(lambda before=before: saved_step(interrupted) > before)  # type: ignore[misc]
        end = time.monotonic() + delays.uniform(0, longest_delay)
        wait_for(
            lambda before=before, end=end: (  # type: ignore[misc]
                time.monotonic() > end or saved_step(interrupted) > before + MOST_STEPS
            )
        )
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills.append({"before": before, "after": saved_step(interrupted), "status": status})
    assert os.waitpid(train_in_child("--resume", "--out", str(interrupted)), 0)[1] == 0
    sys.stdout.write(json.dumps(kills) + "\n")


def test_run_killed_ten_times_is_identical_to_an_uninterrupted_one(tmp_path: Path) -> None:
    uninterrupted, interrupted = tmp_path / "uninterrupted", tmp_path / "interrupted"
    console = Path(sys.executable).with_name("aecore")
    command = [str(console), *ARGUMENTS, "--out", str(interrupted)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        rows = interrupted / "history.jsonl"
        wait_for(lambda: rows.exists() and rows.read_bytes().count(b"\n") > 20)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert 0 <= saved_step(interrupted) < TOTAL

    command = [sys.executable, __file__, str(uninterrupted), str(interrupted)]
    killer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killer.returncode == 0, killer.stderr
    kills: list[dict[str, Any]] = json.loads(killer.stdout.splitlines()[-1])
    assert [kill["status"] for kill in kills] == [signal.SIGKILL] * KILLS
    for kill in kills:
        assert kill["before"] < kill["after"] < TOTAL
    assert saved_step(interrupted) == TOTAL
    assert saved_files(interrupted) == saved_files(uninterrupted)


def train(path: Path, *extra: str) -> dict[str, bytes]:
    arguments = ["6" if word == EPOCHS else word for word in ARGUMENTS]
    with pytest.raises(SystemExit) as exit_info:
        main([*arguments, *extra, "--out", str(path)])
    assert exit_info.value.code == 0
    return saved_files(path)


def test_files_are_determined_by_the_seed(tmp_path: Path) -> None:
    first, second = train(tmp_path / "first"), train(tmp_path / "second")
    assert first == second
    other = train(tmp_path / "other", "--seed", "1")
    # The images are the same.
    assert [name for name in first if first[name] == other.get(name)] == ["probe.safetensors"]


if __name__ == "__main__":
    kill_repeatedly(Path(sys.argv[1]), Path(sys.argv[2]))
