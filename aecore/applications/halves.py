"""Halves of held-out images: a threshold is set on one of them, and the other is counted."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from aecore.applications import threshold
from aecore.applications.threshold import Confusion, Scores
from aecore.i18n import nt

Mask = NDArray[np.bool_]

SEED = 0
LEAST = 4
"""Number of images of a kind, normal or anomalous, from which on they are split."""


@dataclass(frozen=True, eq=False)
class Halves:
    """Held-out images, of which a threshold sees one half, so that the other judges it.

    Attributes
    ----------
    anomalous : ndarray of shape (n,), bool
        Whether each image is anomalous.
    calibration, counted : ndarray of shape (n,), bool
        The images that a threshold may be set on, and those that are counted.
    """

    anomalous: Mask
    calibration: Mask
    counted: Mask

    @classmethod
    def split(cls, anomalous: Mask) -> Self:
        """Split normal and anomalous images at random into halves.

        The halves of the normal images do not depend on the anomalous ones, so thresholds for
        different anomalies can be compared. If there are fewer than four images of a kind, both
        halves contain all of them; `summary` says so.

        Parameters
        ----------
        anomalous : ndarray of shape (n,), bool
        """
        calibration, counted = np.zeros_like(anomalous), np.zeros_like(anomalous)
        for kind in (~anomalous, anomalous):
            rows = np.flatnonzero(kind)
            first, second = rows, rows
            if len(rows) >= LEAST:
                first, second = train_test_split(rows, test_size=0.5, random_state=SEED)
            calibration[first], counted[second] = True, True
        return cls(anomalous, calibration, counted)

    @property
    def normal_calibration(self) -> Mask:
        """The normal images that a threshold may be set on, of shape (n,)."""
        return self.calibration & ~self.anomalous

    def quantile(self, scores: Scores, share: float) -> float:
        """Return the threshold that accepts a share of the normal images of the first half."""
        return threshold.quantile(scores[self.normal_calibration], share)

    def cheapest(self, scores: Scores, miss_cost: float, false_alarm_cost: float) -> float:
        """Return the threshold of lowest cost on the first half; see `threshold.cheapest`."""
        rows = self.calibration
        return threshold.cheapest(self.anomalous[rows], scores[rows], miss_cost, false_alarm_cost)

    def confusion(self, scores: Scores, line: float) -> Confusion:
        """Count the images of the second half above and below a threshold."""
        return threshold.confusion(self.anomalous[self.counted], scores[self.counted], line)

    def summary(self, set_on: Mask) -> str:
        """Return which images a threshold was set on and which are counted, in the user's language.

        Parameters
        ----------
        set_on : ndarray of shape (n,), bool
            The images that the threshold was set on: those of `calibration`, or only the normal
            ones.
        """
        calibrated, counted = int(set_on.sum()), int(self.counted.sum())
        if shared := int((set_on & self.counted).sum()):
            return nt(
                "Threshold set on {calibrated:,} held-out image, counts on {counted:,}, {shared:,} "
                "in both: fewer than {least} images of a kind are not split.",
                "Threshold set on {calibrated:,} held-out images, counts on {counted:,}, "
                "{shared:,} in both: fewer than {least} images of a kind are not split.",
                calibrated,
                calibrated=calibrated,
                counted=counted,
                shared=shared,
                least=LEAST,
            )
        return nt(
            "Threshold set on {calibrated:,} held-out image, counts on {counted:,} others.",
            "Threshold set on {calibrated:,} held-out images, counts on {counted:,} others.",
            calibrated,
            calibrated=calibrated,
            counted=counted,
        )
