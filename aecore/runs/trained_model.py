"""A trained network together with its dataset."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.images import Images
from aecore.metrics import pca
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import decode, encode, tensor
from aecore.runs.run import Run
from aecore.training import checkpoint, probe
from aecore.training.seeding import generator
from aecore.training.snapshot import Snapshot
from aecore.training.subset import TrainingSubset, training_subset

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """The network of a run at one step, and its dataset.

    Attributes
    ----------
    name : str
        The run's name.
    step : int
    config : Config
        The settings at this step.
    model : Autoencoder
    dataset : Dataset

    Examples
    --------
    >>> from aecore import TrainedModel
    >>> network = TrainedModel.open("runs/x")                              # doctest: +SKIP
    >>> network.reconstruct(network.dataset.test_images[:10]).shape        # doctest: +SKIP
    (10, 28, 28)
    """

    name: str
    step: int
    config: Config
    model: Autoencoder
    dataset: Dataset

    @classmethod
    def open(cls, path: Path | str, dataset: Dataset | None = None) -> Self:
        """Load the network from a run's last checkpoint, in full precision.

        Parameters
        ----------
        path : Path or str
            The run's folder.
        dataset : Dataset, optional
            The run's dataset, if it is already loaded.

        Raises
        ------
        RunError
            If the folder is not a run or is damaged.
        DataError
            If the dataset is not on this machine, or has changed since.
        """
        run = Run(Path(path))
        saved = checkpoint.load(run.path / "checkpoint")
        config = Config.from_saved(saved.facts["config"])
        images = data.load(config.dataset) if dataset is None else dataset
        images.require(saved.facts.get("fingerprint"))
        model = Autoencoder(images.shape, config, generator=generator(config.seed, "weights"))
        try:
            model.load_state_dict(saved.with_prefix("model/"))
        except RuntimeError:
            raise RunError(
                "{path} contains a network that does not match its settings.",
                path=run.path / "checkpoint",
            ) from None
        return cls(run.name, saved.facts["step"], config, model, images)

    @classmethod
    def from_snapshot(cls, snapshot: Snapshot, dataset: Dataset, name: str) -> Self:
        """Return the network of a snapshot, whose run may still be training.

        Raises
        ------
        DataError
            If the dataset has changed since.
        """
        snapshot.require(dataset)
        return cls(name, snapshot.step, snapshot.config, snapshot.model, dataset)

    @property
    def training_subset(self) -> TrainingSubset:
        """The images it was trained on, with validation and test images of the same classes."""
        return training_subset(self.dataset, self.config)

    @property
    def images(self) -> NDArray[np.uint8]:
        """The images it was trained on, of shape (n, height, width)."""
        return self.training_subset.images

    @cached_property
    def pca(self) -> pca.PCA:
        """The principal components of the same training images."""
        return probe.training_pca(self.training_subset, len(self.images))

    def encode(self, images: Images) -> Array:
        """Encode images (n, height, width) to codes (n, bottleneck)."""
        return encode(self.model, images)

    def decode(self, codes: Array) -> Array:
        """Decode codes (n, bottleneck) to images (n, height, width) in [0, 1]."""
        return decode(self.model, codes)

    def reconstruct(self, images: Images) -> Array:
        """Reconstruct images (n, height, width); the result has values in [0, 1]."""
        return self.decode(self.encode(images))

    def pca_reconstruct(self, images: Images) -> NDArray[np.float64]:
        """Reconstruct images by PCA with as many components as the code has units, as its baseline.

        Parameters
        ----------
        images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]

        Returns
        -------
        ndarray of shape (n, pixels), float64 in [0, 1]
            An image that PCA reconstructs exactly is returned as it is: what rounding leaves of its
            error says nothing, and would be scored all the same.
        """
        pixels = tensor(images).numpy().astype(np.float64)
        result = self.pca.reconstruct(images, self.config.bottleneck).clip(0, 1)
        exact = np.square(result - pixels).mean(1, keepdims=True) < pca.ROUNDING_ERROR
        return np.where(exact, pixels, result)
