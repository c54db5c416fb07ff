import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from aecore.applications.score_statistics import ScoreStatistics


@pytest.fixture
def codes() -> np.ndarray:
    draw = np.random.default_rng(0)
    mixed: np.ndarray = draw.normal(size=(200, 3)) @ draw.normal(size=(3, 3)) + 5
    return mixed.astype(np.float32)


def test_distance_is_that_of_mahalanobis(codes: np.ndarray) -> None:
    statistics = ScoreStatistics.fit(codes, np.ones(len(codes)))
    cloud = LedoitWolf().fit(codes.astype(np.float64))
    expected = [mahalanobis(code, cloud.location_, cloud.precision_) for code in codes]
    assert statistics.distance(codes) == pytest.approx(expected)


def test_combined_scores_of_the_training_images_are_standardised(codes: np.ndarray) -> None:
    errors = np.random.default_rng(1).lognormal(size=len(codes))
    statistics = ScoreStatistics.fit(codes, errors)
    distances = statistics.distance(codes)
    assert statistics.combine(errors, distances).mean() == pytest.approx(0, abs=1e-9)
    # With the errors at their mean, what remains is the standardised distance.
    usual = np.full(len(codes), np.exp(statistics.log_mean[0]))
    assert statistics.combine(usual, distances).std() == pytest.approx(1, rel=1e-6)


def test_statistics_of_identical_images_are_finite() -> None:
    codes = np.zeros((20, 4), np.float32)
    statistics = ScoreStatistics.fit(codes, np.zeros(20))
    distances = statistics.distance(codes + 1)
    assert np.isfinite(distances).all()
    assert np.isfinite(statistics.combine(np.ones(20), distances)).all()
