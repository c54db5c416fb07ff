import numpy as np
import pytest

from aecore.applications import threshold
from aecore.applications.halves import LEAST, Halves


def marks(normal: int, anomalous: int) -> np.ndarray:
    return np.repeat([False, True], [normal, anomalous])


def test_halves_are_disjoint_stratified_and_always_the_same() -> None:
    halves = Halves.split(marks(101, 40))
    assert not (halves.calibration & halves.counted).any()
    assert (halves.calibration | halves.counted).all()
    assert (halves.calibration & halves.anomalous).sum() == 20
    assert halves.normal_calibration.sum() == 50
    assert halves.counted.sum() == 71
    # Drawn at random, as held-out images are often sorted.
    assert 10 < halves.calibration[:50].sum() < 40
    again = Halves.split(marks(101, 40))
    assert (again.calibration == halves.calibration).all()


def test_halves_of_normal_images_do_not_depend_on_anomalous_ones() -> None:
    one, other = (Halves.split(marks(60, count)) for count in (2, 300))
    assert (one.calibration[:60] == other.calibration[:60]).all()


def test_counted_images_do_not_move_the_threshold() -> None:
    halves = Halves.split(marks(100, 100))
    scores = np.random.default_rng(0).random(200)
    changed = np.where(halves.counted, scores + 5, scores)
    assert halves.quantile(scores, 0.9) == halves.quantile(changed, 0.9)
    assert halves.cheapest(scores, 2, 1) == halves.cheapest(changed, 2, 1)
    counts = halves.confusion(changed, halves.quantile(changed, 0.9))
    assert (counts.accepted, counts.recall) == (0, 1)
    assert halves.confusion(scores, halves.quantile(scores, 0.9)).accepted == pytest.approx(
        0.9, abs=0.15
    )


def test_calibration_images_are_not_counted() -> None:
    halves = Halves.split(marks(100, 100))
    scores = np.random.default_rng(0).random(200)
    changed = np.where(halves.calibration, 9.0, scores)
    assert halves.confusion(scores, 0.5) == halves.confusion(changed, 0.5)
    all_of_them = threshold.confusion(halves.anomalous, scores, 0.5)
    assert all_of_them.true_negatives > halves.confusion(scores, 0.5).true_negatives


def test_summary_states_how_many_images_each_half_has() -> None:
    halves = Halves.split(marks(2000, 2000))
    assert halves.summary(halves.normal_calibration) == (
        "Threshold set on 1,000 held-out images, counts on 2,000 others."
    )
    assert halves.summary(halves.calibration) == (
        "Threshold set on 2,000 held-out images, counts on 2,000 others."
    )


@pytest.mark.parametrize("normal", range(1, LEAST + 2))
@pytest.mark.parametrize("anomalous", range(1, LEAST + 2))
def test_too_few_images_are_in_both_halves_and_named(normal: int, anomalous: int) -> None:
    halves = Halves.split(marks(normal, anomalous))
    scores = np.arange(normal + anomalous, dtype=float)
    both = halves.calibration & halves.counted
    assert bool(both.any()) == (normal < LEAST or anomalous < LEAST)
    assert bool(both.all()) == (normal < LEAST and anomalous < LEAST)
    for set_on in (halves.calibration, halves.normal_calibration):
        shared = int((set_on & halves.counted).sum())
        summary = halves.summary(set_on)
        assert ("others" in summary) == (shared == 0)
        assert (f"{shared} in both: fewer than 4 images of a kind" in summary) == (shared > 0)
    assert np.isfinite(halves.quantile(scores, 0.95))
    assert np.isfinite(halves.cheapest(scores, 1, 1))
    counts = halves.confusion(scores, 0.5)
    assert counts.true_negatives + counts.false_positives >= 1
    assert counts.true_positives + counts.false_negatives >= 1
