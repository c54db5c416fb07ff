"""Evaluation of a trained network: reconstruction error, and classification from its codes."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aecore.applications.reconstruction_errors import reconstruction_errors
from aecore.metrics import reconstruction
from aecore.metrics.activity import activity
from aecore.network.inference import tensor
from aecore.runs.trained_model import TrainedModel

TRAINING_IMAGES, TEST_IMAGES = 5000, 2000
NEIGHBOURS = 5
MOST_ITERATIONS = 300


def scores(network: TrainedModel) -> dict[str, float | int]:
    """Measure a network on held-out images of the classes it was trained on.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    dict of str to float or int
        The errors of `aecore.applications.reconstruction_errors`; ``psnr`` is in dB; ``active`` is
        the mean share of active units; if classes are known, ``*_knn`` and ``*_logistic`` are the
        held-out accuracies of classifiers trained on codes (``code_*``) and on as many principal
        components (``pca_*``).
    """
    sample = network.training_subset.test_images[:TEST_IMAGES]
    truth, output = tensor(sample).numpy().reshape(sample.shape), network.reconstruct(sample)
    return {
        "bottleneck": network.config.bottleneck,
        **reconstruction_errors(network),
        "psnr": reconstruction.psnr(truth, output),
        "ssim": reconstruction.ssim(truth, output),
        "active": float(activity(network.encode(sample)).active.mean()),
        **accuracies(network),
    }


def accuracies(network: TrainedModel) -> dict[str, float]:
    """Compute the accuracy of classifiers trained on codes and on as many principal components.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    dict of str to float in [0, 1]
        Empty if fewer than two classes are known.
    """
    subset = network.training_subset
    images, test_images = subset.images[:TRAINING_IMAGES], subset.test_images[:TEST_IMAGES]
    labels, test_labels = subset.labels[:TRAINING_IMAGES], subset.test_labels[:TEST_IMAGES]
    if len(np.unique(labels)) < 2 or (labels < 0).any():
        return {}
    axes = network.pca.components[: network.config.bottleneck].T

    def components(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.asarray(tensor(images).numpy() @ axes, np.float64)

    features = {
        "code": (network.encode(images), network.encode(test_images)),
        "pca": (components(images), components(test_images)),
    }
    scores = {}
    for name, (training, test) in features.items():
        knn = KNeighborsClassifier(NEIGHBOURS)
        regression = LogisticRegression(max_iter=MOST_ITERATIONS, tol=1e-3)
        logistic = make_pipeline(StandardScaler(), regression)
        scores[f"{name}_knn"] = float(knn.fit(training, labels).score(test, test_labels))
        scores[f"{name}_logistic"] = float(logistic.fit(training, labels).score(test, test_labels))
    return scores
