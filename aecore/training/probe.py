"""The fixed images on which a run is monitored: validation images, probe set and examples."""

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
from aecore.training.corruption import corrupt, noise_level
from aecore.training.noisy_images import NoisyImages
from aecore.training.seeding import generator
from aecore.training.snapshot import Examples
from aecore.training.subset import TrainingSubset

PROBE_SIZE = 2000
EXAMPLES = 10
# Noisy copies are kept for the latest noises only: those of 1,000 large images take 64 MB.
NOISES = 2

_fits: weakref.WeakKeyDictionary[Dataset, dict[int, pca.PCA]] = weakref.WeakKeyDictionary()


def training_pca(dataset: Dataset, count: int) -> pca.PCA:
    """Return the principal components of the first `count` training images, fitted once."""
    fits = _fits.setdefault(dataset, {})
    if count not in fits:
        fits[count] = pca.pca(dataset.images[:count])
    return fits[count]


def choose_examples(
    dataset: Dataset, *, draw: int = 0, label: int | None = None, count: int = EXAMPLES
) -> NDArray[np.int64]:
    """Choose held-out images to show.

    Parameters
    ----------
    dataset : Dataset
    draw : int
        Seed of the choice; 0 for the first images.
    label : int, optional
        Choose images of this class only; by default, one of each class in turn.
    count : int
        Maximum number of images.

    Returns
    -------
    ndarray of shape (at most count,), int64
        Indices into the held-out images, ordered by label.

    Raises
    ------
    RunError
        If no held-out image has the label.
    """
    labels = dataset.test_labels
    order = np.arange(len(labels))
    if draw:
        order = np.random.default_rng(draw).permutation(order)
    if label is not None:
        order = order[labels[order] == label]
        if not len(order):
            raise RunError("No held-out image has the label {label}; choose another.", label=label)
    # Sorting by the rank within the class puts one image of each class first.
    rank = np.zeros(len(order), np.int64)
    for each in np.unique(labels[order]):
        (places,) = np.nonzero(labels[order] == each)
        rank[places] = np.arange(len(places))
    examples = order[np.argsort(rank, kind="stable")[:count]]
    return examples[np.argsort(labels[examples], kind="stable")]


@dataclass(frozen=True, eq=False)
class LabeledImages:
    """Images of a dataset with their labels and factors.

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


def probe_set(dataset: Dataset) -> LabeledImages:
    """Return the probe set: 2,000 held-out images, padded with training images if necessary."""
    missing = max(0, PROBE_SIZE - len(dataset.test_images))

    def join(held_out: Any, training: Any) -> Any:
        return np.concatenate([held_out[:PROBE_SIZE], training[:missing]])

    return LabeledImages(
        join(dataset.test_images, dataset.images),
        join(dataset.test_labels, dataset.labels),
        {n: join(dataset.test_factors[n], dataset.factors[n]) for n in dataset.factors},
    )


class Probe:
    """Measure a model on the fixed images of a run.

    Parameters
    ----------
    dataset : Dataset
        Source of the probe set and the examples.
    training_subset : TrainingSubset
        Source of the principal components, and of the validation images for the error.

    Attributes
    ----------
    images : ndarray of shape (probes, height, width), uint8
        The probe set.
    labels : ndarray of shape (probes,), int64
        Labels of the probe set; -1 where unknown.
    pca : PCA
        Principal components of the training subset.
    """

    def __init__(self, dataset: Dataset, training_subset: TrainingSubset) -> None:
        self.dataset, self._training_subset = dataset, training_subset
        probes = probe_set(dataset)
        self.images, self.labels = probes.images, probes.labels
        self.pca = training_pca(training_subset, len(training_subset.images))
        self._pca_errors: dict[int, float] = {}
        self._noisy_images: dict[tuple[str, float], NoisyImages] = {}

    def codes(self, model: Autoencoder) -> NDArray[np.float32]:
        """Return the codes (probes, bottleneck) of the probe set."""
        return encode(model, self.images)

    def error(self, model: Autoencoder, config: Config) -> float:
        """Return the mean squared error per pixel on the validation images.

        With noise in the settings, the network is given noisy copies of them.
        """
        if noise_level(config):
            return self._with_noise(config).error(model)
        return inference.error(model, self._training_subset.validation_images)

    def pca_error(self, config: Config) -> float:
        """Return the error of PCA on the same images.

        With noise in the settings, it is that of denoising by PCA; otherwise, that of as many
        components as the code has units.
        """
        if noise_level(config):
            return self._with_noise(config).pca_error
        if config.bottleneck not in self._pca_errors:
            self._pca_errors[config.bottleneck] = self.pca.error(
                self._training_subset.validation_images, config.bottleneck, clamped=True
            )
        return self._pca_errors[config.bottleneck]

    def _with_noise(self, config: Config) -> NoisyImages:
        subset, key = self._training_subset, (config.noise_kind, config.noise)
        if key not in self._noisy_images:
            if len(self._noisy_images) == NOISES:
                self._noisy_images.pop(next(iter(self._noisy_images)))
            self._noisy_images[key] = NoisyImages(
                subset.validation_images, subset.images, self.pca, *key
            )
        return self._noisy_images[key]

    @torch.no_grad()
    def examples(
        self, model: Autoencoder, config: Config, chosen: NDArray[np.int64] | None = None
    ) -> Examples:
        """Return held-out images with their reconstructions; their noise is always the same.

        Parameters
        ----------
        model : Autoencoder
        config : Config
        chosen : ndarray of int, optional
            Indices of held-out images; by default the first of each class.
        """
        chosen = choose_examples(self.dataset) if chosen is None else chosen
        originals = tensor(self.dataset.test_images[chosen])
        noise = generator(config.seed, "examples")
        corrupted = corrupt(originals, config.noise_kind, config.noise, noise)
        rows = (originals, corrupted, model(corrupted.to(model.device)).clamp(0, 1).cpu())
        images = (each.reshape(-1, *self.dataset.shape).numpy() for each in rows)
        return Examples(chosen, self.dataset.test_labels[chosen], *images)
