"""Reconstruction errors of a network and of PCA, which tell whether it was worth training."""

from collections.abc import Mapping
from typing import Any

from aecore.metrics.pca import is_exact
from aecore.network.inference import error
from aecore.runs.trained_model import TrainedModel
from aecore.training.corruption import noise_level
from aecore.training.noisy_images import NoisyImages


def reconstruction_errors(network: TrainedModel) -> dict[str, float]:
    """Measure a network and PCA on all held-out images of the classes it was trained on.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    dict of str to float
        Mean squared errors per pixel: ``test_mse`` of the network, ``pca_mse`` of PCA with as many
        components and ``pca_mse_clamped`` of its reconstructions clamped to [0, 1], as the
        network's are; if it was trained with noise, ``noisy_test_mse`` and ``noisy_pca_mse`` of
        images denoised by both, PCA with the number of components that suits the noise.
    """
    images, config = network.training_subset.test_images, network.config
    errors = {
        "test_mse": error(network.model, images),
        "pca_mse": network.pca.error(images, config.bottleneck),
        "pca_mse_clamped": network.pca.error(images, config.bottleneck, clamped=True),
    }
    if not noise_level(config):
        return errors
    noisy = NoisyImages(images, network.images, network.pca, config.noise_kind, config.noise)
    return errors | {
        "noisy_test_mse": noisy.error(network.model),
        "noisy_pca_mse": noisy.pca_error,
    }


def is_pca_better(errors: Mapping[str, Any]) -> bool:
    """Return whether PCA has a lower error at what the network was trained for.

    Parameters
    ----------
    errors : mapping of str to float
        See `reconstruction_errors`. Those on noisy images decide, if there are any.
    """
    noisy = "noisy_test_mse" in errors
    own, pca = ("noisy_test_mse", "noisy_pca_mse") if noisy else ("test_mse", "pca_mse_clamped")
    return bool(errors[own] > errors[pca]) and not is_exact(errors[pca])
