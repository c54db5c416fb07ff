"""The fixed images a run is followed by: held out for the error, a probe set for the map."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import RunError
from aecore.images import Images
from aecore.metrics import pca
from aecore.network import inference
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import encode, tensor
from aecore.training.corruption import corrupt
from aecore.training.seeding import generator
from aecore.training.snapshot import Examples

PROBES = 2000
HELD_OUT = 1000
EXAMPLES = 10

_fits: weakref.WeakKeyDictionary[Dataset, dict[int, pca.PCA]] = weakref.WeakKeyDictionary()


def training_pca(dataset: Dataset, count: int) -> pca.PCA:
    """Return the principal components of the first `count` training images; fitted once."""
    fits = _fits.setdefault(dataset, {})
    if count not in fits:
        fits[count] = pca.pca(dataset.images[:count])
    return fits[count]


def choose(
    dataset: Dataset, *, draw: int = 0, label: int | None = None, count: int = EXAMPLES
) -> NDArray[np.int64]:
    """Choose held-out images to look at.

    Parameters
    ----------
    dataset : Dataset
    draw : int
        The same number gives the same choice; 0 the first images.
    label : int, optional
        Only images of this class; without it, one of each class in turn.
    count : int

    Returns
    -------
    ndarray of shape (at most count,), int64
        Indices into the held-out images, ordered by label.

    Raises
    ------
    RunError
        Where no held-out image has the label.
    """
    labels = dataset.test_labels
    order = np.arange(len(labels))
    if draw:
        order = np.random.default_rng(draw).permutation(order)
    if label is not None:
        order = order[labels[order] == label]
        if not len(order):
            raise RunError("No held-out image has the label {label}; choose another.", label=label)
    # Sorted by how many of its class stand before it, one of each class comes first.
    turn = np.zeros(len(order), np.int64)
    for each in np.unique(labels[order]):
        (places,) = np.nonzero(labels[order] == each)
        turn[places] = np.arange(len(places))
    chosen = order[np.argsort(turn, kind="stable")[:count]]
    return chosen[np.argsort(labels[chosen], kind="stable")]


@dataclass(frozen=True, eq=False)
class LabeledImages:
    """Some images of a data set.

    Attributes
    ----------
    images : ndarray of shape (n, height, width), uint8
    labels : ndarray of shape (n,), int64
        -1 where unknown.
    factors : mapping of str to ndarray of shape (n,), float32
    """

    images: Images
    labels: NDArray[np.int64]
    factors: Mapping[str, NDArray[np.float32]]


def probes(dataset: Dataset) -> LabeledImages:
    """Return the probe set: held-out images, filled up with training images if they are few."""
    missing = max(0, PROBES - len(dataset.test_images))

    def joined(held_out: Any, training: Any) -> Any:
        return np.concatenate([held_out[:PROBES], training[:missing]])

    return LabeledImages(
        joined(dataset.test_images, dataset.images),
        joined(dataset.test_labels, dataset.labels),
        {n: joined(dataset.test_factors[n], dataset.factors[n]) for n in dataset.factors},
    )


class Probe:
    """Measure a model on the fixed images of a run.

    Parameters
    ----------
    dataset : Dataset
        Gives the probe set and the examples.
    learnt : Dataset
        What of it the run learns from, and the held-out images that the error is measured on.

    Attributes
    ----------
    labels : ndarray of shape (probes,), int64
        Of the probe set.
    """

    def __init__(self, dataset: Dataset, training_subset: Dataset) -> None:
        self.dataset, self._training_subset = dataset, training_subset
        self.images, self.labels = (found := probes(dataset)).images, found.labels
        self.pca = training_pca(training_subset, len(training_subset.images))
        self._pca_errors: dict[int, float] = {}

    def codes(self, model: Autoencoder) -> NDArray[np.float32]:
        """Return the codes (probes, bottleneck) of the probe set."""
        return encode(model, self.images)

    def error(self, model: Autoencoder) -> float:
        """Return the error on the first held-out images."""
        return inference.error(model, self._training_subset.test_images[:HELD_OUT])

    def pca_error(self, bottleneck: int) -> float:
        """Return the error of as many principal components, measured in the same way."""
        if bottleneck not in self._pca_errors:
            self._pca_errors[bottleneck] = self.pca.error(
                self._training_subset.test_images[:HELD_OUT], bottleneck, clamped=True
            )
        return self._pca_errors[bottleneck]

    @torch.no_grad()
    def examples(
        self, model: Autoencoder, config: Config, chosen: NDArray[np.int64] | None = None
    ) -> Examples:
        """Return held-out images with what the model makes of them, the noise always the same."""
        chosen = choose(self.dataset) if chosen is None else chosen
        originals = tensor(self.dataset.test_images[chosen])
        noise = generator(config.seed, "examples")
        corrupted = corrupt(originals, config.noise_kind, config.noise, noise)
        shown = (originals, corrupted, model(corrupted).clamp(0, 1))
        pictures = (each.reshape(-1, *self.dataset.shape).numpy() for each in shown)
        return Examples(chosen, self.dataset.test_labels[chosen], *pictures)
