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


def confusion(anomalous: NDArray[np.bool_], scores: Scores, threshold: float) -> Confusion:
    """Count normal and anomalous images above and below a threshold."""
    true_negatives, false_positives, false_negatives, true_positives = (
        confusion_matrix(anomalous, scores > threshold, labels=[False, True]).ravel().tolist()
    )
    return Confusion(true_positives, false_negatives, false_positives, true_negatives)


def quantile(normal: Scores, share: float) -> float:
    """Return the threshold that accepts a share of the normal scores."""
    return float(np.quantile(normal, share))


def cheapest(
    anomalous: NDArray[np.bool_], scores: Scores, miss_cost: float, false_alarm_cost: float
) -> float:
    """Return the threshold of lowest cost.

    Parameters
    ----------
    anomalous : ndarray of shape (n,), bool
    scores : ndarray of shape (n,)
    miss_cost, false_alarm_cost : float
        Cost of a false negative, and of a false positive.
    """
    order = np.argsort(scores, kind="stable")
    # With the threshold at the k-th score, this image and all before it are accepted.
    cost = np.cumsum(np.where(anomalous[order], miss_cost, -false_alarm_cost))
    return float(scores[order][int(cost.argmin())])
