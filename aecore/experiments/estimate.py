"""Estimate the time that a run takes in a sweep, on one thread with a core of its own."""

import math
import statistics
import time
from collections.abc import Callable

import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.experiments.sweep import HALVING
from aecore.maps.projection import plane
from aecore.network.inference import encode, error
from aecore.runs.run import SAVING_SHARE
from aecore.training import probe
from aecore.training.schedule import FRAMES_PER_DOUBLING, SPARSEST_ROWS, is_frame_due
from aecore.training.trainer import Trainer

WARM_UP, TIMED = 3, 20
MOST_SECONDS = 0.5
# Rows before the constant interval: at first every step adds one, then fewer and fewer do.
FIRST_ROWS = 112


def run_seconds(dataset: Dataset, config: Config) -> float:
    """Estimate the processor time of a run in seconds from its first steps.

    Only the time of this thread is measured, so other load does not affect the result. This takes
    about a second.

    Parameters
    ----------
    dataset : Dataset
    config : Config

    Returns
    -------
    float
        Seconds.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _extrapolate(Trainer(dataset, config))
    finally:
        torch.set_num_threads(threads)


def _extrapolate(trainer: Trainer) -> float:
    total = trainer.total_steps
    validation = trainer.training_subset.validation_images
    limit = time.monotonic() + MOST_SECONDS
    steps: list[tuple[float, bool]] = []
    while len(steps) < min(WARM_UP + TIMED, total):
        seconds = _seconds(trainer.step)
        steps.append((seconds, is_frame_due(trainer.steps)))
        if time.monotonic() > limit and len(steps) > WARM_UP:
            break
    row = _seconds(lambda: error(trainer.model, validation)) + _seconds(trainer.state)
    probes = probe.probe_set(trainer.dataset).images
    projection = _seconds(lambda: plane(encode(trainer.model, probes)))
    # All measured steps include a row, and many a projection; most others do not.
    bare = [seconds - row - due * projection for seconds, due in steps]
    step = max(0.0, statistics.median(bare[WARM_UP:] or bare))
    rows = min(total, FIRST_ROWS + total / SPARSEST_ROWS + trainer.config.epochs)
    frames = FRAMES_PER_DOUBLING * math.log2(1 + total)
    # Only the first snapshot of a step computes the codes.
    trainer.snapshot()
    frame = projection + _seconds(trainer.snapshot)
    return (total * step + rows * row + frames * frame) * (1 + SAVING_SHARE)


def _seconds(function: Callable[[], object]) -> float:
    start = time.thread_time()
    function()
    return time.thread_time() - start


# Time in which a worker imports torch.
START_SECONDS = 5.0


def whole_runs(count: int, halving: bool) -> float:
    """Return the work of `count` runs in units of complete runs."""
    if not halving:
        return count
    work, before = 0.0, 0.0
    for share in HALVING:
        work += count * (share - before)
        count, before = -(-count // 3), share
    return work
