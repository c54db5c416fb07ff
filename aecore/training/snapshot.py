"""Snapshot: an immutable record of a run at one step, the same live and from disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NotRequired

import numpy as np
from numpy.typing import NDArray
from torch import Generator, from_numpy, full_like, nan

# pydantic reads those of the standard library from Python 3.12 on.
from typing_extensions import TypedDict

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.network.autoencoder import Autoencoder, is_decoder_parameter
from aecore.training.fields import (
    BeforeAndAfter,
    Error,
    Number,
    SettingName,
    Step,
    strict,
)


@strict
class Record(TypedDict):
    """A row of the history.

    Attributes
    ----------
    step : int
    epoch : float
        Number of epochs so far.
    train : float
        Mean squared error of the training batches since the last row.
    held_out, pca : float
        Mean squared error per pixel on validation images, clamped to [0, 1], of the network and
        of PCA with as many components. With noise, both are given noisy images, and PCA has the
        number of components that suits the noise.
    noise : float
        Level of that noise, 0 for none; early versions saved no level and added no noise.
    learning_rate : float
    bottleneck : int
    stage : int
        The layer being pretrained; 0 when the whole network is trained.
    """

    step: Step
    epoch: Number
    train: Error
    held_out: Error
    pca: Error
    noise: NotRequired[Number]
    learning_rate: Number
    bottleneck: Step
    stage: Step


@strict
class Edit(TypedDict):
    """A change of knobs during training.

    Attributes
    ----------
    step : int
        The last step before the change.
    changes : dict of str to [before, after]
        The values of each changed knob.
    drag : int
        The same number for all changes by one drag of a slider; absent for others.
    """

    step: Step
    changes: dict[SettingName, BeforeAndAfter]
    drag: NotRequired[Step]


@dataclass(frozen=True, eq=False)
class Examples:
    """Held-out images and their reconstructions, of shape (n, height, width), in [0, 1]."""

    indices: NDArray[np.int64]
    labels: NDArray[np.int64]
    originals: NDArray[np.float32]
    corrupted: NDArray[np.float32]
    reconstructions: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run at one step.

    Attributes
    ----------
    config : Config
        The settings at this step.
    step, total_steps : int
    epoch : float
        Number of epochs so far.
    history : sequence of Record
    edits : sequence of Edit
    codes : ndarray of shape (probes, bottleneck), float32
        Codes of the probe set.
    points : ndarray of shape (probes, 2), float32
        The codes projected onto a plane.
    labels : ndarray of shape (probes,), int64
        Labels of the probe set; -1 where unknown.
    classes : tuple of str
    examples : Examples
    weights : mapping of str to ndarray
        The network's parameters by name; in a saved frame in lower precision, and those of the
        decoder only unless it is the newest.
    fingerprint : str or None
        Fingerprint of the dataset; None if the snapshot was saved by an early version.
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
    fingerprint: str | None = None

    def require(self, dataset: Dataset) -> None:
        """Check that a dataset is the one that the run was trained on.

        Raises
        ------
        DataError
            If its images, labels or classes are not the same.
        """
        dataset.require(self.fingerprint)
        # Early versions saved no fingerprint.
        shape, examples = self.examples.originals.shape[1:], self.examples.indices
        if shape != dataset.shape or (examples >= len(dataset.test_images)).any():
            raise dataset.changed()

    @property
    def model(self) -> Autoencoder:
        """The network at this step.

        Raises
        ------
        RunError
            If the snapshot was saved without its encoder, as all but the newest are, or without
            any weights, as early versions did.
        """
        if self.weights and "to_code.bias" not in self.weights:
            raise RunError(
                "Step {step} was saved with its decoder only; choose the newest step.",
                step=self.step,
            )
        return self.decoder

    @cached_property
    def decoder(self) -> Autoencoder:
        """The network at this step, only to decode: without a saved encoder, it encodes to NaN.

        Raises
        ------
        RunError
            If the snapshot was saved without weights, as early versions did.
        """
        if not self.weights:
            raise RunError(
                "Step {step} was saved without the network. Resume the run: later steps are "
                "saved with it.",
                step=self.step,
            )
        shape = self.examples.originals.shape[1:]
        model = Autoencoder(shape, self.config, generator=Generator())
        encoder = {
            name: full_like(each, nan)
            for name, each in model.named_parameters()
            if not is_decoder_parameter(name, tied=self.config.tied)
        }
        saved = {n: from_numpy(each.astype(np.float32)) for n, each in self.weights.items()}
        model.load_state_dict({**encoder, **saved})
        return model

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.step >= self.total_steps
