"""How long a run will take a worker of a sweep: one thread, with no one else on its core."""

import math
import statistics
import time
from collections.abc import Callable

import torch

from aecore.config import Config
from aecore.data import Dataset
from aecore.experiments.sweep import HALVING
from aecore.network.inference import error
from aecore.runs import frame
from aecore.runs.run import SAVING_SHARE
from aecore.training import probe
from aecore.training.schedule import SPARSEST_ROWS
from aecore.training.trainer import Trainer

WARM_UP, TIMED = 3, 20
MOST_SECONDS = 0.5
# Each step brings a row at first, and then ever fewer do.
FIRST_ROWS = 112


def run_seconds(dataset: Dataset, config: Config) -> float:
    """Return how many seconds of a core a run takes, as some of its first steps tell.

    Time of this thread's own is counted, so that whatever else the machine does leaves the answer
    as it is; it is there after about a second.

    Parameters
    ----------
    dataset : Dataset
    config : Config

    Returns
    -------
    float
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _measured(Trainer(dataset, config))
    finally:
        torch.set_num_threads(threads)


def _measured(trainer: Trainer) -> float:
    total = trainer.total_steps
    held_out = trainer.training_subset.test_images[: probe.HELD_OUT]
    limit = time.monotonic() + MOST_SECONDS
    steps: list[float] = []
    while len(steps) < min(WARM_UP + TIMED, total):
        steps.append(_seconds(trainer.step))
        if time.monotonic() > limit and len(steps) > WARM_UP:
            break
    row = _seconds(lambda: error(trainer.model, held_out)) + _seconds(trainer.state)
    # The steps timed all brought a row; most others do not.
    step = max(0.0, statistics.median(steps[WARM_UP:] or steps) - row)
    rows = min(total, FIRST_ROWS + total / SPARSEST_ROWS + trainer.config.epochs)
    frames = frame.FRAMES_PER_DOUBLING * math.log2(1 + total)
    seconds = total * step + rows * row + frames * _seconds(trainer.snapshot)
    return seconds * (1 + SAVING_SHARE)


def _seconds(act: Callable[[], object]) -> float:
    began = time.thread_time()
    act()
    return time.thread_time() - began


# In which a worker imports torch.
START_SECONDS = 5.0


def whole_runs(count: int, halving: bool) -> float:
    """Return how many whole runs are as much work as so many, of which some are stopped early."""
    if not halving:
        return count
    work, before = 0.0, 0.0
    for share in HALVING:
        work += count * (share - before)
        count, before = -(-count // 3), share
    return work
