"""Thresholds between normal and anomalous scores: curves, confusion matrix and choice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    roc_curve,
)

from aecore.errors import DataError

Scores = NDArray[np.float64]

ACCEPTED = 0.95
"""Share of the normal images that a threshold accepts unless a person chooses another."""


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve over all thresholds, and the area under it.

    Attributes
    ----------
    x, y : ndarray of shape (n,)
    area : float in [0, 1]
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    area: float


def roc(anomalous: NDArray[np.bool_], scores: Scores) -> Curve:
    """Compute the ROC curve: true positive rate over false positive rate; the area is the AUROC.

    Parameters
    ----------
    anomalous : ndarray of shape (n,), bool
        Must contain both values.
    scores : ndarray of shape (n,)
    """
    x, y, _ = roc_curve(anomalous, scores)
    return Curve(x, y, float(auc(x, y)))


def precision_recall(anomalous: NDArray[np.bool_], scores: Scores) -> Curve:
    """Compute precision over recall; the area is the average precision.

    Parameters
    ----------
    anomalous : ndarray of shape (n,), bool
    scores : ndarray of shape (n,)
    """
    precision, recall, _ = precision_recall_curve(anomalous, scores)
    return Curve(recall, precision, float(average_precision_score(anomalous, scores)))


@dataclass(frozen=True)
class Confusion:
    """Confusion matrix of a threshold; scores above it are classified as anomalous.

    Attributes
    ----------
    true_positives, false_negatives : int
        Anomalous images above the threshold, and at or below it.
    false_positives, true_negatives : int
        Normal images above the threshold, and at or below it.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """Share of the images above the threshold that are anomalous; 1 if there are none."""
        positives = self.true_positives + self.false_positives
        return self.true_positives / positives if positives else 1.0

    @property
    def recall(self) -> float:
        """Share of the anomalous images that are above the threshold."""
        return self.true_positives / max(1, self.true_positives + self.false_negatives)

    @property
    def accepted(self) -> float:
        """Share of the normal images that are not above the threshold."""
        return self.true_negatives / max(1, self.true_negatives + self.false_positives)


def confusion(anomalous: NDArray[np.bool_], scores: Scores, threshold: float) -> Confusion:
    """Count normal and anomalous images above and below a threshold."""
    true_negatives, false_positives, false_negatives, true_positives = (
        confusion_matrix(anomalous, scores > threshold, labels=[False, True]).ravel().tolist()
    )
    return Confusion(true_positives, false_negatives, false_positives, true_negatives)


def quantile(normal: Scores, share: float) -> float:
    """Return the threshold that accepts a share of the normal scores.

    Raises
    ------
    DataError
        If there are no scores.
    """
    _require(normal)
    return float(np.quantile(normal, share))


def cheapest(
    anomalous: NDArray[np.bool_], scores: Scores, miss_cost: float, false_alarm_cost: float
) -> float:
    """Return the threshold of lowest cost, the lowest of several.

    Parameters
    ----------
    anomalous : ndarray of shape (n,), bool
    scores : ndarray of shape (n,)
    miss_cost, false_alarm_cost : float
        Cost of a false negative, and of a false positive.

    Returns
    -------
    float
        One of the scores, or the largest number below all of them if it is cheapest that every
        image is anomalous.

    Raises
    ------
    DataError
        If there are no scores.
    """
    _require(scores)
    values, places = np.unique(scores, return_inverse=True)
    # At a threshold, all images of that score are accepted, not only the first of them.
    misses = np.cumsum(np.bincount(places, anomalous))
    accepted = np.cumsum(np.bincount(places, ~anomalous))
    cost = miss_cost * misses - false_alarm_cost * accepted
    thresholds = np.append(np.nextafter(values[0], -np.inf), values)
    return float(thresholds[np.append(0, cost).argmin()])


def _require(scores: Scores) -> None:
    if not len(scores):
        raise DataError("There are no images to set a threshold on; provide at least one.")
