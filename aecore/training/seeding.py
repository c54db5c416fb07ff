"""Randomness that is owned: every draw has its own generator, named by what it is for.

A generator is made anew from the run's seed, a purpose and a counter, and thrown away after the
draw. Nothing random outlives a step, so a run that stops anywhere goes on as if it had not.
"""

import zlib

import numpy as np
import torch
from torch import Generator


def generator(seed: int, purpose: str, counter: int = 0) -> Generator:
    """Return the generator for one draw.

    Parameters
    ----------
    seed : int
        The run's seed.
    purpose : str
        What is drawn, for example ``"noise"``.
    counter : int
        Which draw of this purpose, for example the step.
    """
    words = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), counter])
    return torch.Generator().manual_seed(int(words.generate_state(1, np.uint64)[0] >> 1))
