"""A run gives the same bytes however often it is killed; also the script that does the killing."""

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

KILLS = 10
EPOCHS = "40"
LINE = [
    *("train", "--dataset", "digits", "--train-size", "800", "--batch-size", "64"),
    *("--epochs", EPOCHS, "--hidden", "32", "--bottleneck", "4", "--noise", "0.3"),
    *("--threads", "1", "--json"),
]
TOTAL = int(EPOCHS) * 13
MOST_STEPS = TOTAL // (KILLS + 2)
PATIENCE = 60.0


def saved(path: Path) -> int:
    """The step of the checkpoint, -1 without one."""
    try:
        return int(json.loads((path / "checkpoint" / "state.json").read_text())["step"])
    except FileNotFoundError:
        return -1


def wait_for(happened: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < limit
        time.sleep(0.002)


def final(path: Path) -> dict[str, bytes]:
    """Everything that must not depend on where a run was cut."""
    files = [path / "history.jsonl", *(path / "checkpoint").iterdir()]
    return {file.name: file.read_bytes() for file in files}


def in_child(*more: str) -> int:
    """Train in a forked process, which has imported everything already."""
    child = os.fork()
    if child == 0:
        try:
            main([*LINE, *more])
        except SystemExit as end:
            os._exit(int(str(end.code)))
        finally:
            os._exit(99)
    return child


def kill_again_and_again(whole: Path, cut: Path) -> None:
    """Train one run in one go; kill the other at random moments, and resume it each time."""
    import torch

    from aecore.runs import run

    # Making the first optimizer imports for seconds; the children need not.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    # Saving all the time makes many kills hit a save.
    run.LEAST_SECONDS_UNSAVED, run.SAVING_SHARE = 0.0, 0.5
    began = time.monotonic()
    assert os.waitpid(in_child("--out", str(whole)), 0)[1] == 0
    longest = (time.monotonic() - began) / (2 * KILLS)
    delays, kills = random.Random(0), []
    for _ in range(KILLS):
        before = saved(cut)
        child = in_child("--resume", "--out", str(cut))
        wait_for(lambda before=before: saved(cut) > before)  # type: ignore[misc]
        end = time.monotonic() + delays.uniform(0, longest)
        wait_for(
            lambda before=before, end=end: (  # type: ignore[misc]
                time.monotonic() > end or saved(cut) > before + MOST_STEPS
            )
        )
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        kills.append({"before": before, "after": saved(cut), "status": status})
    assert os.waitpid(in_child("--resume", "--out", str(cut)), 0)[1] == 0
    sys.stdout.write(json.dumps(kills) + "\n")


def test_a_run_killed_ten_times_ends_bit_for_bit_as_one_that_was_not(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    console = Path(sys.executable).with_name("aecore")
    command = [str(console), *LINE, "--out", str(cut)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        rows = cut / "history.jsonl"
        wait_for(lambda: rows.exists() and rows.read_bytes().count(b"\n") > 20)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert 0 <= saved(cut) < TOTAL

    command = [sys.executable, __file__, str(whole), str(cut)]
    killer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killer.returncode == 0, killer.stderr
    kills: list[dict[str, Any]] = json.loads(killer.stdout.splitlines()[-1])
    assert [kill["status"] for kill in kills] == [signal.SIGKILL] * KILLS
    for kill in kills:
        assert kill["before"] < kill["after"] < TOTAL
    assert saved(cut) == TOTAL
    assert final(cut) == final(whole)


def train(path: Path, *more: str) -> dict[str, bytes]:
    line = ["6" if word == EPOCHS else word for word in LINE]
    with pytest.raises(SystemExit) as end:
        main([*line, *more, "--out", str(path)])
    assert end.value.code == 0
    return final(path)


def test_the_same_seed_gives_the_same_bytes_and_another_others(tmp_path: Path) -> None:
    first, second = train(tmp_path / "first"), train(tmp_path / "second")
    assert first == second
    other = train(tmp_path / "other", "--seed", "1")
    assert set(first.items()).isdisjoint(other.items())


if __name__ == "__main__":
    kill_again_and_again(Path(sys.argv[1]), Path(sys.argv[2]))
