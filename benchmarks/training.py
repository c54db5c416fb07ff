"""Benchmark a pass of training over MNIST, beside other libraries and the bare matrix products.

All loops train the network of `benchmarks.peers.loops` on one thread, each in a process of its own.
They take turns, so that other load affects all alike, and their processor time is measured.

::

    AECORE_DATA=... uv run --group bench python -m benchmarks.training --json
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from cyclopts import App

from aecore import data
from aecore.network.products import Products
from aecore.training.machine.precision import products
from aecore.training.trainer import Trainer
from benchmarks.peers.loops import LOOPS, our_trainer
from benchmarks.report import AsJson, show

BATCHES = (128, 512)
IMAGES = 60_000
# After so many steps a row is added to the history every 64 steps only.
WARM_UP_STEPS = 1200
EARLY, EARLY_STEPS = 100, 250

app = App("training")


@app.default
def training(
    *,
    rounds: int = 5,
    quick: bool = False,
    loops: tuple[str, ...] = tuple(LOOPS),
    batches: tuple[int, ...] = BATCHES,
    as_json: AsJson = False,
) -> None:
    """Print processor seconds per 60,000 images, medians and spreads, and the ratios of interest.

    `--quick` takes a third of the rounds on a tenth of the images.
    """
    torch.set_num_threads(1)
    rounds, count = (max(2, rounds // 3), IMAGES // 10) if quick else (rounds, IMAGES)
    way = products("auto")
    result: dict[str, Any] = {"auto": str(way), "float32": str(products("float32"))}
    for batch in batches:
        seconds = _measure(loops, batch, count, rounds)
        medians = {name: statistics.median(times) for name, times in seconds.items()}
        for name, times in seconds.items():
            result[f"{name}_{batch}"] = round(medians[name], 3)
            result[f"{name}_{batch}_spread"] = round(max(times) - min(times), 3)
        result.update(_ratios(medians, batch, way))
    result["early_over_late"] = round(_early_over_late(count, rounds), 3)
    show(result, as_json)


def _ratios(medians: Mapping[str, float], batch: int, way: Products) -> Iterator[tuple[str, float]]:
    """Yield how many times as fast as others ours is, and the share of a step that is products."""
    floor = "products_bfloat16" if way is Products.BFLOAT16 else "products_float32"
    pairs = {
        "ratio_keras": ("keras", "ours_float32"),
        "ratio_lightning": ("lightning", "ours"),
        "ratio_tutorial": ("tutorial", "ours"),
        "share_of_floor": (floor, "ours"),
        "share_of_floor_float32": ("products_float32", "ours_float32"),
    }
    for name, (theirs, own) in pairs.items():
        if theirs in medians and own in medians:
            yield f"{name}_{batch}", round(medians[theirs] / medians[own], 3)


def _measure(
    names: tuple[str, ...], batch: int, count: int, rounds: int
) -> Mapping[str, list[float]]:
    """Return the processor seconds per 60,000 images of each round, by loop."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        loops = {name: stack.enter_context(_loop(name, batch, count)) for name in names}
        for name, loop in loops.items():
            is_ours = name.startswith("ours")
            for _ in range(max(1, WARM_UP_STEPS * batch // count) if is_ours else 1):
                next(loop)
        for _ in range(rounds):
            for name, loop in loops.items():
                seconds[name].append(next(loop) * IMAGES / count)
    return seconds


@contextmanager
def _loop(name: str, batch: int, count: int) -> Iterator[Iterator[float]]:
    """Start a loop in a process of its own; each value is the time of a further pass."""
    command = [sys.executable, "-m", "benchmarks.peers.worker", name, str(batch), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        commands, answers = process.stdin, process.stdout
        assert commands is not None
        assert answers is not None

        def times() -> Iterator[float]:
            while True:
                commands.write(b"\n")
                commands.flush()
                yield float(answers.readline())

        yield times()
        commands.close()


def _early_over_late(count: int, rounds: int) -> float:
    """Return the time of steps 101 to 350, when rows are dense, over that of as many later ones."""
    images = data.load("mnist").images[:count]
    pixels = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    late = our_trainer(pixels, BATCHES[0])
    late.train(WARM_UP_STEPS)
    ratios = []
    for _ in range(rounds):
        early = our_trainer(pixels, BATCHES[0])
        early.train(EARLY)
        ratios.append(_seconds(early) / _seconds(late))
    return statistics.median(ratios)


def _seconds(trainer: Trainer) -> float:
    start = time.process_time()
    trainer.train(trainer.steps + EARLY_STEPS)
    return time.process_time() - start


if __name__ == "__main__":
    app()
