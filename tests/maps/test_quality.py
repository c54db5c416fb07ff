import numpy as np
import pytest

from aecore.maps.quality import distortion, quality

Array = np.ndarray


def flat(count: int = 120, seed: int = 0) -> Array:
    """Return codes of five units that lie on a plane."""
    positions = np.random.default_rng(seed).random((count, 2))
    result: Array = np.hstack([positions, np.zeros((count, 3))])
    return result


def test_map_that_scales_and_shifts_the_codes_is_perfect() -> None:
    codes = flat()
    result = quality(codes, codes[:, :2] * 3 + 1)
    assert result.trustworthiness == pytest.approx(1)
    assert result.continuity == pytest.approx(1)
    assert result.knn_accuracy is None
    assert not result.distortion.any()


def test_shuffled_map_has_the_quality_of_chance() -> None:
    codes = flat()
    result = quality(codes, np.random.default_rng(1).permutation(codes[:, :2]))
    assert result.trustworthiness is not None
    assert result.continuity is not None
    assert 0.3 < result.trustworthiness < 0.7
    assert 0.3 < result.continuity < 0.7
    assert result.distortion.mean() > 0.8


def test_folding_lowers_trustworthiness_and_tearing_continuity() -> None:
    """Folding brings distant points together; tearing separates near ones."""
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


def test_knn_accuracy_is_high_only_for_separated_classes() -> None:
    codes = flat()
    sides = (codes[:, 0] > 0.5).astype(np.int64)
    points = codes[:, :2] + 5.0 * sides[:, None]
    random_labels = np.random.default_rng(0).integers(0, 2, len(codes))
    assert quality(codes, points, sides).knn_accuracy == 1
    by_chance = quality(codes, points, random_labels).knn_accuracy
    assert by_chance is not None
    assert 0.3 < by_chance < 0.7


def test_distortion_is_the_share_of_lost_neighbours() -> None:
    line = np.arange(40.0)[:, None]
    points = np.hstack([line, 0 * line])
    points[20] = [1000, 0]
    result = distortion(line, points, around=2)
    assert result.dtype == np.float32
    assert result[20] == 1
    assert result[[19, 21]].tolist() == [0.5, 0.5]
    assert not result[:18].any()


def test_many_points_are_sampled_but_each_has_a_distortion() -> None:
    codes = flat(300)
    points = np.random.default_rng(1).permutation(codes[:, :2])
    result, repeated = (quality(codes, points, most=100, seed=3) for _ in range(2))
    assert result.trustworthiness == repeated.trustworthiness
    assert result.trustworthiness != quality(codes, points, most=100, seed=4).trustworthiness
    assert result.distortion.shape == (300,)


@pytest.mark.parametrize("count", [1, 2, 11])
def test_few_points_have_no_scores(count: int) -> None:
    codes = flat(count)
    result = quality(codes, codes[:, :2], np.zeros(count, np.int64))
    assert result.trustworthiness is None
    assert result.continuity is None
    assert result.knn_accuracy is None
    assert not result.distortion.any()


def test_class_with_one_member_counts_as_an_error() -> None:
    codes = flat(60)
    labels = np.zeros(60, np.int64)
    labels[7] = 1
    assert quality(codes, codes[:, :2], labels).knn_accuracy == pytest.approx(59 / 60)
