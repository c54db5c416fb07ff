"""Reproducible randomness: every draw has its own generator, named by its purpose.

A generator is created from the run's seed, a purpose and a counter, and discarded after the draw.
No random state outlives a step, so an interrupted run resumes as if it had never stopped.
"""

import zlib

import numpy as np
import torch
from torch import Generator


def generator(seed: int, purpose: str, counter: int = 0) -> Generator:
    """Create the generator of a single draw.

    Parameters
    ----------
    seed : int
        The run's seed.
    purpose : str
        Purpose of the draw, for example ``"noise"``.
    counter : int
        Number of the draw for this purpose, for example the step.
    """
    words = np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), counter])
    return torch.Generator().manual_seed(int(words.generate_state(1, np.uint64)[0] >> 1))
