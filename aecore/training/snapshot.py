"""What leaves a trainer: an immutable picture of one moment, the same live and from disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray
from torch import Generator, from_numpy

from aecore.config import Config
from aecore.errors import RunError
from aecore.network.autoencoder import Autoencoder


class Record(TypedDict):
    """One row of the history.

    Attributes
    ----------
    step : int
    epoch : float
        Passes over the training images so far.
    train : float
        Mean loss since the last row.
    held_out, pca : float
        Mean squared error per pixel of held-out images, clamped to [0, 1], by the network and by
        as many principal components.
    learning_rate : float
    bottleneck : int
    stage : int
        The layer trained alone; 0 when all are.
    """

    step: int
    epoch: float
    train: float
    held_out: float
    pca: float
    learning_rate: float
    bottleneck: int
    stage: int


class Edit(TypedDict):
    """A change made while training.

    Attributes
    ----------
    step : int
        The last one before it.
    changes : dict of str to [before, after]
        By knob.
    """

    step: int
    changes: dict[str, list[Any]]


@dataclass(frozen=True, eq=False)
class Examples:
    """Held-out images and what the network makes of them; arrays (n, height, width) in [0, 1]."""

    indices: NDArray[np.int64]
    labels: NDArray[np.int64]
    originals: NDArray[np.float32]
    corrupted: NDArray[np.float32]
    reconstructions: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One moment of a run.

    Attributes
    ----------
    config : Config
        As it was at this moment.
    step, total_steps : int
    epoch : float
        Passes over the training images so far.
    history : sequence of Record
    edits : sequence of Edit
    codes : ndarray of shape (probes, bottleneck), float32
        Of the probe set.
    points : ndarray of shape (probes, 2), float32
        The codes on the map.
    labels : ndarray of shape (probes,), int64
        Of the probe set; -1 where unknown.
    classes : tuple of str
    examples : Examples
    weights : mapping of str to ndarray
        The model's parameters by name; in half precision where the snapshot is a saved frame.
    """

    config: Config
    step: int
    total_steps: int
    epoch: float
    history: Sequence[Record]
    edits: Sequence[Edit]
    codes: NDArray[np.float32]
    points: NDArray[np.float32]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    examples: Examples
    weights: Mapping[str, NDArray[np.floating]]

    @cached_property
    def model(self) -> Autoencoder:
        """The network as it was at this moment.

        Raises
        ------
        RunError
            Where the moment was saved without weights, as early versions did.
        """
        if not self.weights:
            raise RunError(
                "Step {step} was saved without the network. Resume the run: later steps are "
                "saved with it.",
                step=self.step,
            )
        shape = self.examples.originals.shape[1:]
        model = Autoencoder(shape, self.config, generator=Generator())
        model.load_state_dict(
            {n: from_numpy(each.astype(np.float32)) for n, each in self.weights.items()}
        )
        return model

    @property
    def finished(self) -> bool:
        """Whether all the epochs asked for are done."""
        return self.step >= self.total_steps
