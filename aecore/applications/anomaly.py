"""What does not belong: scores of how foreign an image is, by a network and by others."""

import json
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save
from sklearn.covariance import LedoitWolf
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import NearestNeighbors

from aecore.data import Dataset
from aecore.errors import ConfigError
from aecore.i18n import N_, Message
from aecore.images import Images, resize
from aecore.metrics.reconstruction import errors
from aecore.network.inference import tensor
from aecore.runs.trained_model import TrainedModel
from aecore.training.subset import select_classes, training_subset

Scores = NDArray[np.float64]
Score = Callable[[Images], Scores]

FITTED = 5000
NEIGHBOURS = 5
TREES = 100
TINY = 1e-12
SCORES: Mapping[str, Message] = {
    "error": N_("Reconstruction error"),
    "distance": N_("Code distance"),
    "both": N_("Error and distance"),
}
OTHERS: Mapping[str, Message] = {
    "pca": N_("PCA error"),
    "neighbours": N_("Nearest neighbours"),
    "forest": N_("Isolation forest"),
}


def detector(network: TrainedModel) -> Mapping[str, Score]:
    """Return the scores a network gives; all is settled by the images it learnt from.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    mapping of str to callable
        Each maps images (n, height, width) to scores (n,), the higher the more foreign.
        ``error``: mean squared error of the reconstruction; ``distance``: Mahalanobis distance of
        the code from those of the training images; ``both``: the sum of their logarithms, each
        made to have mean 0 and variance 1 on the training images.
    """
    training = network.images[:FITTED]
    codes = network.encode(training).astype(np.float64)
    cloud = LedoitWolf().fit(codes)

    def error(images: Images) -> Scores:
        return errors(tensor(images).numpy(), network.reconstruct(images))

    def distance(images: Images) -> Scores:
        squares = cloud.mahalanobis(network.encode(images).astype(np.float64))
        return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float64)

    alone = {"error": error, "distance": distance}
    known = {name: np.log(score(training) + TINY) for name, score in alone.items()}

    def both(images: Images) -> Scores:
        total = np.zeros(len(images))
        for name, score in alone.items():
            logs = np.log(score(images) + TINY)
            total += (logs - known[name].mean()) / max(float(known[name].std()), TINY)
        return total

    return {**alone, "both": both}


def others(network: TrainedModel, *, seed: int = 0) -> Mapping[str, Score]:
    """Return the scores a sensible person would try first, fitted on the same images.

    Parameters
    ----------
    network : TrainedModel
        Whose training images and bottleneck are used, not its weights.
    seed : int

    Returns
    -------
    mapping of str to callable
        ``pca``: error of as many principal components; ``neighbours``: mean distance to the five
        nearest training images in pixels; ``forest``: isolation forest on pixels (Liu, Ting and
        Zhou 2008). The last two see at most 5,000 training images.
    """
    training = tensor(network.images[:FITTED]).numpy()
    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(training))).fit(training)
    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(training)

    def pca(images: Images) -> Scores:
        reconstruction = network.pca.reconstruct(images, network.config.bottleneck).clip(0, 1)
        return errors(tensor(images).numpy(), reconstruction)

    return {
        "pca": pca,
        "neighbours": lambda images: near.kneighbors(tensor(images).numpy())[0].mean(1),
        "forest": lambda images: -forest.score_samples(tensor(images).numpy()),
    }


def seen(network: TrainedModel, anomalous: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some classes that a network learnt from, and so cannot find foreign.

    Parameters
    ----------
    network : TrainedModel
    foreign : tuple of str
        Classes of its own data set.
    """
    part = training_subset(network.dataset, network.config)
    present = {part.classes[number] for number in np.unique(part.labels) if number >= 0}
    return tuple(name for name in anomalous if name in present)


def remaining(dataset: Dataset, normal: tuple[str, ...]) -> tuple[str, ...]:
    """Return the classes that are not normal; none where all are."""
    return tuple(name for name in dataset.classes if normal and name not in normal)


def held_out(
    dataset: Dataset,
    normal: tuple[str, ...],
    other: Dataset | NDArray[np.uint8] | None = None,
    *,
    most: int | None = None,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return held-out images and which of them are foreign; none was ever learnt from.

    Parameters
    ----------
    dataset : Dataset
    normal : tuple of str
        Its classes that are normal; empty for all.
    other : Dataset or ndarray of shape (n, height, width), uint8, optional
        What is foreign: the held-out images of a data set, or images that no run has learnt from;
        the remaining classes by default. They are resized to the others' shape.
    most : int, optional
        At most so many of each kind, the first.

    Returns
    -------
    images : ndarray of shape (n, height, width), uint8
    foreign : ndarray of shape (n,), bool

    Raises
    ------
    ConfigError
        Where nothing is normal, or nothing foreign.
    """
    ours = select_classes(dataset, normal).test_images[:most]
    if other is not None:
        given = other.test_images if isinstance(other, Dataset) else other
        anomalies = resize(given[:most], dataset.shape)
    elif left := remaining(dataset, normal):
        anomalies = select_classes(dataset, left).test_images[:most]
    else:
        raise ConfigError(
            "Every class is normal; choose fewer, or another dataset as the anomalous one."
        )
    anomalous = np.repeat([False, True], [len(ours), len(anomalies)])
    return np.concatenate([ours, anomalies]), anomalous


def pack(network: TrainedModel, score: str, threshold: float) -> bytes:
    """Return a network with its threshold, to be used elsewhere, as a zip.

    Parameters
    ----------
    network : TrainedModel
    score : str
        A key of `SCORES`.
    threshold : float
        Foreign is what scores above it.

    Returns
    -------
    bytes
        ``model.safetensors`` holds the weights, ``config.json`` the settings, ``threshold.json``
        the rest.
    """
    weights = {name: each.detach().clone() for name, each in network.model.state_dict().items()}
    facts = {"score": score, "threshold": threshold, "run": network.name, "step": network.step}
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.safetensors", save(weights))
        archive.writestr("config.json", json.dumps(network.config.model_dump(), indent=1))
        archive.writestr("threshold.json", json.dumps(facts, indent=1))
    return file.getvalue()
