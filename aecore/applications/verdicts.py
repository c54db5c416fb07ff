"""Verdicts on new pictures: their anomaly scores, and whether these are above a threshold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.applications import anomaly
from aecore.applications.threshold import ACCEPTED, Scores, quantile
from aecore.data.custom.pictures import Pictures
from aecore.files import to_csv
from aecore.i18n import nt
from aecore.runs.trained_model import TrainedModel
from aecore.training.subset import held_out_images

HEADS = ("file", "score", "threshold", "verdict")
NORMAL, ANOMALOUS = "normal", "anomalous"


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Anomaly scores of pictures, and the threshold they are compared with.

    Attributes
    ----------
    score : str
        A key of `anomaly.SCORES`.
    threshold : float
        Pictures with a higher score are anomalous.
    names : sequence of n str
        Names of the pictures.
    values : ndarray of float64, shape (n,)
        Their scores.
    """

    score: str
    threshold: float
    names: Sequence[str]
    values: Scores

    @property
    def anomalous(self) -> NDArray[np.bool_]:
        """Whether each picture is anomalous, of shape (n,)."""
        return np.asarray(self.values > self.threshold)

    @property
    def labels(self) -> list[str]:
        """The verdict on each picture, as it is written to files."""
        return [ANOMALOUS if each else NORMAL for each in self.anomalous]

    def csv(self) -> bytes:
        """Return a CSV with the columns ``file``, ``score``, ``threshold`` and ``verdict``."""
        rows = zip(self.names, self.values.tolist(), self.labels, strict=True)
        return to_csv(HEADS, ([name, value, self.threshold, label] for name, value, label in rows))

    def facts(self) -> dict[str, object]:
        """Return the same as a value for JSON, with the pictures in a list."""
        rows = zip(self.names, self.values.tolist(), self.labels, strict=True)
        files = [{"file": name, "score": value, "verdict": label} for name, value, label in rows]
        return {"score": self.score, "threshold": self.threshold, "files": files}

    def summary(self) -> str:
        """Return a line about all pictures, in the user's language."""
        return nt(
            "Anomalous: {anomalous:,} of {count:,} picture ({score} above {threshold:.5g}).",
            "Anomalous: {anomalous:,} of {count:,} pictures ({score} above {threshold:.5g}).",
            len(self.names),
            anomalous=int(self.anomalous.sum()),
            score=anomaly.SCORES[self.score],
            threshold=self.threshold,
        )


def judge(
    network: TrainedModel,
    pictures: Pictures,
    score: str,
    normal: tuple[str, ...],
    *,
    accepted: float = ACCEPTED,
) -> Verdicts:
    """Score pictures, with a threshold from normal images.

    The threshold is set on all normal held-out images, not on a half of them: the pictures are
    others, so none of these has to be left for counting.

    Parameters
    ----------
    network : TrainedModel
    pictures : Pictures
        In the shape of its images.
    score : str
        A key of `anomaly.SCORES`.
    normal : tuple of str
        Classes of its dataset that are normal; empty for all.
    accepted : float in [0, 1]
        Share of the normal held-out images whose score is not above the threshold.

    Raises
    ------
    ConfigError
        If there is no such score.
    RunError
        If a normal class does not exist or has no images.
    """
    anomaly.check_score(score)
    score_of = anomaly.detector(network)[score]
    held_out = held_out_images(network.dataset, normal)
    threshold = quantile(score_of(held_out), accepted)
    return Verdicts(score, threshold, pictures.names, score_of(pictures.images))
