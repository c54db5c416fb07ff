"""Batches: each image once per epoch, in an order that depends only on the seed."""

import math

import numpy as np
import torch
from torch import Tensor

from aecore.images import Images
from aecore.network.inference import tensor
from aecore.training.seeding import generator


class Batches:
    """Random access to the batch of any step.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
    size : int
        Images per batch; the last batch of an epoch may be smaller.
    seed : int
        Determines the order of each epoch.
    """

    def __init__(self, images: Images, size: int, seed: int) -> None:
        self._images, self._size, self._seed = images, size, seed
        self._epoch, self._order = -1, np.empty(0, np.int64)

    @property
    def per_epoch(self) -> int:
        """Number of batches per epoch."""
        return math.ceil(len(self._images) / self._size)

    def at(self, step: int) -> Tensor:
        """Return the images of a step, of shape (at most size, pixels), in [0, 1]."""
        epoch, place = divmod(step, self.per_epoch)
        if self._epoch != epoch:
            draw = generator(self._seed, "order", epoch)
            self._order = torch.randperm(len(self._images), generator=draw).numpy()
            self._epoch = epoch
        return tensor(self._images[self._order[place * self._size : (place + 1) * self._size]])
