import numpy as np
import pytest

from aecore.maps.quality import distortion, quality

Array = np.ndarray


def flat(count: int = 120, seed: int = 0) -> Array:
    """Return codes of five units that lie on a plane."""
    places = np.random.default_rng(seed).random((count, 2))
    found: Array = np.hstack([places, np.zeros((count, 3))])
    return found


def test_a_map_that_keeps_all_distances_is_true() -> None:
    codes = flat()
    found = quality(codes, codes[:, :2] * 3 + 1)
    assert found.trustworthiness == pytest.approx(1)
    assert found.continuity == pytest.approx(1)
    assert found.knn_accuracy is None
    assert not found.distortion.any()


def test_a_shuffled_map_is_not() -> None:
    codes = flat()
    found = quality(codes, np.random.default_rng(1).permutation(codes[:, :2]))
    assert found.trustworthiness is not None
    assert found.continuity is not None
    assert 0.3 < found.trustworthiness < 0.7
    assert 0.3 < found.continuity < 0.7
    assert found.distortion.mean() > 0.8


def test_folding_loses_trust_and_tearing_loses_continuity() -> None:
    """Folded, the far becomes near; torn, the near becomes far."""
    codes = flat(300)
    folded, torn = codes[:, :2].copy(), codes[:, :2].copy()
    folded[:, 0] = np.abs(folded[:, 0] - 0.5)
    torn[torn[:, 0] > 0.5, 1] += 5
    fold, tear = quality(codes, folded), quality(codes, torn)
    assert fold.trustworthiness is not None
    assert fold.continuity is not None
    assert tear.trustworthiness is not None
    assert tear.continuity is not None
    assert fold.trustworthiness < fold.continuity
    assert tear.continuity < tear.trustworthiness


def test_labels_are_told_where_classes_lie_apart() -> None:
    codes = flat()
    sides = (codes[:, 0] > 0.5).astype(np.int64)
    points = codes[:, :2] + 5.0 * sides[:, None]
    drawn = np.random.default_rng(0).integers(0, 2, len(codes))
    assert quality(codes, points, sides).knn_accuracy == 1
    by_chance = quality(codes, points, drawn).knn_accuracy
    assert by_chance is not None
    assert 0.3 < by_chance < 0.7


def test_distortion_is_the_share_of_nearest_that_are_lost() -> None:
    line = np.arange(40.0)[:, None]
    points = np.hstack([line, 0 * line])
    points[20] = [1000, 0]
    found = distortion(line, points, around=2)
    assert found.dtype == np.float32
    assert found[20] == 1
    assert found[[19, 21]].tolist() == [0.5, 0.5]
    assert not found[:18].any()


def test_many_points_are_sampled_but_each_has_its_distortion() -> None:
    codes = flat(300)
    points = np.random.default_rng(1).permutation(codes[:, :2])
    found, again = (quality(codes, points, most=100, seed=3) for _ in range(2))
    assert found.trustworthiness == again.trustworthiness
    assert found.trustworthiness != quality(codes, points, most=100, seed=4).trustworthiness
    assert found.distortion.shape == (300,)


@pytest.mark.parametrize("count", [1, 2, 11])
def test_a_handful_of_points(count: int) -> None:
    codes = flat(count)
    found = quality(codes, codes[:, :2], np.zeros(count, np.int64))
    assert found.trustworthiness is None
    assert found.continuity is None
    assert found.knn_accuracy is None
    assert not found.distortion.any()


def test_a_class_with_one_member_does_not_break_the_accuracy() -> None:
    codes = flat(60)
    labels = np.zeros(60, np.int64)
    labels[7] = 1
    assert quality(codes, codes[:, :2], labels).knn_accuracy == pytest.approx(59 / 60)
