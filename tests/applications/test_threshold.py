import json
import math

import numpy as np
import pytest

from aecore.applications import threshold
from aecore.errors import LabError

CASES = 400


def cost(
    anomalous: np.ndarray, scores: np.ndarray, line: float, miss: float, alarm: float
) -> float:
    missed = (anomalous & (scores <= line)).sum()
    alarms = (~anomalous & (scores > line)).sum()
    return float(miss * missed + alarm * alarms)


def test_confusion_counts_follow_the_threshold() -> None:
    anomalous = np.array([False, False, True, True])
    values = np.array([0.1, 0.4, 0.3, 0.9])
    counts = threshold.confusion(anomalous, values, 0.35)
    assert (
        counts.true_positives,
        counts.false_negatives,
        counts.false_positives,
        counts.true_negatives,
    ) == (1, 1, 1, 1)
    assert (counts.precision, counts.recall, counts.accepted) == (0.5, 0.5, 0.5)
    assert threshold.confusion(anomalous, values, 2).precision == 1
    assert threshold.confusion(anomalous, values, 0.4).accepted == 1
    assert threshold.confusion(anomalous, values, 0).accepted == 0
    assert threshold.quantile(values[~anomalous], 1) == 0.4


def test_cheapest_threshold_costs_as_little_as_the_best_of_all() -> None:
    draw = np.random.default_rng(0)
    for _ in range(CASES):
        count = int(draw.integers(1, 9))
        # Few values, so that normal and anomalous images tie.
        scores = draw.integers(-2, 3, count) / 4
        anomalous = draw.random(count) < draw.random()
        miss, alarm = draw.choice([0.1, 1, 3, 1000], 2)
        chosen = threshold.cheapest(anomalous, scores, miss, alarm)
        lines = [-math.inf, *scores]
        best = min(cost(anomalous, scores, line, miss, alarm) for line in lines)
        assert cost(anomalous, scores, chosen, miss, alarm) == pytest.approx(best)
        assert json.loads(json.dumps(chosen, allow_nan=False)) == chosen


def test_cheapest_threshold_can_be_below_or_at_all_scores() -> None:
    scores = np.array([0.0, 1.0, 2.0])
    below = threshold.cheapest(np.array([True, False, True]), scores, 10, 1)
    assert (scores > below).all()
    assert below == pytest.approx(0)
    assert threshold.cheapest(np.array([False, True, False]), scores, 1, 10) == 2


def test_image_of_equal_score_counts_towards_the_cost() -> None:
    scores = np.array([1.0, 1.0, 1.0, 2.0])
    anomalous = np.array([False, True, True, True])
    # To accept the normal image, two anomalous ones would have to be missed.
    assert threshold.cheapest(anomalous, scores, 1, 1) < 1
    assert threshold.cheapest(anomalous, scores, 1, 3) == 1


def test_no_scores_are_rejected() -> None:
    none = np.zeros(0)
    with pytest.raises(LabError, match="no images to set a threshold on"):
        threshold.cheapest(none.astype(bool), none, 1, 1)
    with pytest.raises(LabError, match="no images to set a threshold on"):
        threshold.quantile(none, 0.95)


def test_curve_areas_of_a_perfect_and_a_constant_score() -> None:
    anomalous = np.array([False, False, True, True])
    assert threshold.roc(anomalous, np.array([0.0, 1, 2, 3])).area == 1
    assert threshold.roc(anomalous, np.zeros(4)).area == 0.5
    assert threshold.precision_recall(anomalous, np.array([0.0, 1, 2, 3])).area == 1
