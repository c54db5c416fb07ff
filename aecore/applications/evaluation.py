"""How good a trained network is: its error, and what can be read from its codes."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from aecore.metrics import reconstruction
from aecore.metrics.activity import activity
from aecore.network.inference import error, tensor
from aecore.runs.trained_model import TrainedModel

TAUGHT, ASKED = 5000, 2000
NEIGHBOURS = 5
ROUNDS = 300


def scores(network: TrainedModel) -> dict[str, float | int]:
    """Measure a network on held-out images of the kind it learnt from.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    dict of str to float or int
        ``test_mse`` and ``pca_mse`` (and ``pca_mse_clamped``) are squared errors per pixel;
        ``psnr`` is in dB; ``active`` is the mean share of units that are active; where classes
        are known, ``*_knn`` and ``*_logistic`` are the accuracy on held-out images of
        classifiers taught with codes, and with as many principal components.
    """
    images, bottleneck = network.training_subset.test_images, network.config.bottleneck
    shown = images[:ASKED]
    truth, output = tensor(shown).numpy().reshape(shown.shape), network.reconstruct(shown)
    return {
        "bottleneck": bottleneck,
        "test_mse": error(network.model, images),
        "pca_mse": network.pca.error(images, bottleneck),
        "pca_mse_clamped": network.pca.error(images, bottleneck, clamped=True),
        "psnr": reconstruction.psnr(truth, output),
        "ssim": reconstruction.ssim(truth, output),
        "active": float(activity(network.encode(shown)).active.mean()),
        **accuracies(network),
    }


def accuracies(network: TrainedModel) -> dict[str, float]:
    """Return what classifiers get from codes and from as many principal components.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    dict of str to float in [0, 1]
        Empty where fewer than two classes are known.
    """
    part = network.training_subset
    taught, asked = part.images[:TAUGHT], part.test_images[:ASKED]
    y, truth = part.labels[:TAUGHT], part.test_labels[:ASKED]
    if len(np.unique(y)) < 2 or (y < 0).any():
        return {}
    axes = network.pca.components[: network.config.bottleneck].T

    def components(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.asarray(tensor(images).numpy() @ axes, np.float64)

    codes = {
        "code": (network.encode(taught), network.encode(asked)),
        "pca": (components(taught), components(asked)),
    }
    found = {}
    for name, (known, new) in codes.items():
        neighbours = KNeighborsClassifier(NEIGHBOURS).fit(known, y)
        line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=ROUNDS, tol=1e-3))
        found[f"{name}_knn"] = float(neighbours.score(new, truth))
        found[f"{name}_logistic"] = float(line.fit(known, y).score(new, truth))
    return found
