"""A process that trains with one loop: a pass over the images for each line that it reads.

After each pass it prints the processor time that it took, in seconds.
"""

import sys
import time

import numpy as np
import torch

from aecore import data
from benchmarks.peers.loops import LOOPS


def main(name: str, batch: int, count: int) -> None:
    """Train on the first `count` images of MNIST in batches of a size."""
    torch.set_num_threads(1)
    # What libraries print themselves must not mix with the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    images = data.load("mnist").images[:count]
    pixels = images.reshape(len(images), -1).astype(np.float32) / np.float32(255)
    one_pass = LOOPS[name](pixels, batch)
    for _ in sys.stdin:
        start = time.process_time()
        one_pass()
        print(time.process_time() - start, file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
