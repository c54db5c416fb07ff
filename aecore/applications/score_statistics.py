"""Statistics of a network's training images, which its anomaly scores are relative to."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

Array = NDArray[np.float64]

TINY = 1e-12


@dataclass(frozen=True, eq=False)
class ScoreStatistics:
    """Statistics of the codes and scores of training images.

    Attributes
    ----------
    mean : ndarray of float64, shape (units,)
        Mean code.
    inverse_covariance : ndarray of float64, shape (units, units)
        Inverse covariance of the codes (Ledoit and Wolf 2004).
    log_mean, log_std : ndarray of float64, shape (2,)
        Mean and standard deviation of the logarithms of reconstruction error and code distance.
    """

    mean: Array
    inverse_covariance: Array
    log_mean: Array
    log_std: Array

    @classmethod
    def fit(cls, codes: NDArray[np.floating[Any]], errors: Array) -> Self:
        """Compute the statistics of training images.

        Parameters
        ----------
        codes : ndarray of float, shape (n, units)
        errors : ndarray of float64, shape (n,)
            Their reconstruction errors.

        References
        ----------
        Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices",
        2004.
        """
        cloud = LedoitWolf().fit(codes.astype(np.float64))
        distances = _mahalanobis(codes, cloud.location_, cloud.precision_)
        logs = _logarithms(errors, distances)
        spread = np.maximum(logs.std(1), TINY)
        return cls(cloud.location_, cloud.precision_, logs.mean(1), spread)

    def distance(self, codes: NDArray[np.floating[Any]]) -> Array:
        """Return the Mahalanobis distances (n,) of codes (n, units) from the training codes."""
        return _mahalanobis(codes, self.mean, self.inverse_covariance)

    def combine(self, errors: Array, distances: Array) -> Array:
        """Return the sums (n,) of the standardised logarithms of errors and distances (n,)."""
        logs = _logarithms(errors, distances)
        standardised = (logs - self.log_mean[:, None]) / self.log_std[:, None]
        return np.asarray(standardised.sum(0), np.float64)


def _mahalanobis(codes: NDArray[np.floating[Any]], mean: Array, inverse_covariance: Array) -> Array:
    centred = codes.astype(np.float64) - mean
    squares = (centred @ inverse_covariance * centred).sum(1)
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float64)


def _logarithms(errors: Array, distances: Array) -> Array:
    return np.asarray(np.log(np.stack([errors, distances]) + TINY), np.float64)
