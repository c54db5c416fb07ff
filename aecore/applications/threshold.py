"""Where the line is drawn between normal and foreign. Functions of arrays."""

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


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve over all thresholds, and the area below it.

    Attributes
    ----------
    x, y : ndarray of shape (n,)
    area : float in [0, 1]
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    area: float


def roc(anomalous: NDArray[np.bool_], scores: Scores) -> Curve:
    """Return false alarms against hits, both as shares; the area is the AUROC.

    Parameters
    ----------
    foreign : ndarray of shape (n,), bool
        Both kinds must be there.
    scores : ndarray of shape (n,)
    """
    x, y, _ = roc_curve(anomalous, scores)
    return Curve(x, y, float(auc(x, y)))


def precision_recall(anomalous: NDArray[np.bool_], scores: Scores) -> Curve:
    """Return recall against precision; the area is the average precision.

    Parameters
    ----------
    foreign : ndarray of shape (n,), bool
    scores : ndarray of shape (n,)
    """
    precision, recall, _ = precision_recall_curve(anomalous, scores)
    return Curve(recall, precision, float(average_precision_score(anomalous, scores)))


@dataclass(frozen=True)
class Counts:
    """What a threshold does; foreign is what scores above it.

    Attributes
    ----------
    found, missed : int
        Foreign images above and below the threshold.
    alarms, passed : int
        Normal images above and below it.
    """

    found: int
    missed: int
    alarms: int
    passed: int

    @property
    def precision(self) -> float:
        """The share of those above the threshold that are foreign; 1 where none is above."""
        return self.found / above if (above := self.found + self.alarms) else 1.0

    @property
    def recall(self) -> float:
        """The share of the foreign that is above the threshold."""
        return self.found / max(1, self.found + self.missed)


def counts(anomalous: NDArray[np.bool_], scores: Scores, threshold: float) -> Counts:
    """Count what lies above and below a threshold."""
    passed, alarms, missed, found = (
        confusion_matrix(anomalous, scores > threshold, labels=[False, True]).ravel().tolist()
    )
    return Counts(found, missed, alarms, passed)


def quantile(normal: Scores, share: float) -> float:
    """Return the threshold below which this share of the normal scores lies."""
    return float(np.quantile(normal, share))


def cheapest(anomalous: NDArray[np.bool_], scores: Scores, missed: float, alarm: float) -> float:
    """Return the threshold of least cost.

    Parameters
    ----------
    foreign : ndarray of shape (n,), bool
    scores : ndarray of shape (n,)
    missed, alarm : float
        What a foreign image that passes costs, and a normal one that does not.
    """
    order = np.argsort(scores, kind="stable")
    # With the threshold at the k-th score, it and all below it pass.
    cost = np.cumsum(np.where(anomalous[order], missed, -alarm))
    return float(scores[order][int(cost.argmin())])
