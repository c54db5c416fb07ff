import numpy as np
import pytest
from sklearn.manifold import trustworthiness
from sklearn.neighbors import KNeighborsClassifier

from aecore.data import Dataset
from aecore.maps.projection import Projection, project
from aecore.maps.quality import (
    cross_validated_accuracy,
    distortion,
    knn_accuracy,
    preservation,
    quality,
)

Array = np.ndarray


def flat(count: int = 120, seed: int = 0) -> Array:
    """Return codes of five units that lie on a plane."""
    positions = np.random.default_rng(seed).random((count, 2))
    result: Array = np.hstack([positions, np.zeros((count, 3))])
    return result


def on_map(codes: Array, points: Array) -> Projection:
    return Projection("umap", points.astype(np.float32), codes.astype(np.float32))


def test_map_that_scales_and_shifts_the_codes_is_perfect() -> None:
    codes = flat()
    result = quality(on_map(codes, codes[:, :2] * 3 + 1))
    assert result.by_code is not None
    assert result.by_code.trustworthiness == pytest.approx(1)
    assert result.by_code.continuity == pytest.approx(1)
    assert result.neighbours_lost == 0
    assert result.by_pixels is None


def test_shuffled_map_has_the_quality_of_chance() -> None:
    codes = flat()
    points = np.random.default_rng(1).permutation(codes[:, :2])
    result = preservation(codes, points)
    assert result is not None
    assert 0.3 < result.trustworthiness < 0.7
    assert 0.3 < result.continuity < 0.7
    assert distortion(codes, points).mean() > 0.8


def test_folding_lowers_trustworthiness_and_tearing_continuity() -> None:
    """Folding brings distant points together; tearing separates near ones."""
    codes = flat(300)
    folded, torn = codes[:, :2].copy(), codes[:, :2].copy()
    folded[:, 0] = np.abs(folded[:, 0] - 0.5)
    torn[torn[:, 0] > 0.5, 1] += 5
    fold, tear = preservation(codes, folded), preservation(codes, torn)
    assert fold is not None
    assert tear is not None
    assert fold.trustworthiness < fold.continuity
    assert tear.continuity < tear.trustworthiness


def test_comparison_with_pixels_is_that_of_scikit_learn(digits: Dataset) -> None:
    images = digits.test_images[:200]
    rows = images.reshape(len(images), -1)
    projection = project(rows[:, 20:30] / 16, "pca")
    result = quality(projection, images).by_pixels
    assert result is not None
    assert result.trustworthiness == pytest.approx(
        trustworthiness(rows, projection.points, n_neighbors=5)
    )
    assert result.continuity == pytest.approx(
        trustworthiness(projection.points, rows, n_neighbors=5)
    )


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("method", ["direct", "pca"])
def test_map_that_is_the_code_is_not_compared_with_it(width: int, method: str) -> None:
    codes = np.random.default_rng(0).random((40, width))
    images = np.random.default_rng(1).random((40, 3, 3)).astype(np.float32)
    result = quality(project(codes, method), images)  # type: ignore[arg-type]
    assert result.by_code is None
    assert result.neighbours_lost is None
    assert result.by_pixels is not None
    assert result.by_pixels.trustworthiness < 0.9


def test_two_of_three_units_are_compared_with_the_code() -> None:
    result = quality(project(np.random.default_rng(0).random((40, 3)), "direct"))
    assert result.by_code is not None
    assert result.by_code.trustworthiness < 1
    assert result.neighbours_lost is not None
    assert result.neighbours_lost > 0


def test_codes_that_are_not_finite_can_be_measured() -> None:
    codes = np.random.default_rng(0).random((60, 3))
    codes[::7], codes[3] = np.nan, np.inf
    projection = project(codes, "pca")
    images = np.random.default_rng(1).random((60, 3, 3)).astype(np.float32)
    assert quality(projection, images).by_code is not None
    points = projection.transform(codes)
    assert knn_accuracy(points, np.arange(60) % 2, points, np.arange(60) % 2) is not None


def test_classifier_is_fitted_to_some_points_and_tested_on_others(digits: Dataset) -> None:
    rows, test_rows = (
        each.reshape(len(each), -1) / 16 for each in (digits.images[:500], digits.test_images)
    )
    projection = project(test_rows, "pca")
    points = projection.transform(rows)
    expected = KNeighborsClassifier(5).fit(points, digits.labels[:500])
    result = knn_accuracy(points, digits.labels[:500], projection.points, digits.test_labels)
    assert result == expected.score(projection.points, digits.test_labels)


def test_cross_validated_accuracy_is_high_only_for_separated_classes() -> None:
    codes = flat()
    sides = (codes[:, 0] > 0.5).astype(np.int64)
    points = codes[:, :2] + 5.0 * sides[:, None]
    random_labels = np.random.default_rng(0).integers(0, 2, len(codes))
    assert cross_validated_accuracy(points, sides) == 1
    by_chance = cross_validated_accuracy(points, random_labels)
    assert by_chance is not None
    assert 0.3 < by_chance < 0.7


def test_points_without_a_label_are_left_out() -> None:
    points = flat()[:, :2]
    labels = (points[:, 0] > 0.5).astype(np.int64)
    unknown = np.where(np.arange(120) < 90, labels, -1)
    known = points[:90], labels[:90]
    assert cross_validated_accuracy(points, unknown) == cross_validated_accuracy(*known)
    assert knn_accuracy(points, unknown, points, unknown) == knn_accuracy(*known, *known)


def test_distortion_is_the_share_of_lost_neighbours() -> None:
    line = np.arange(40.0)[:, None]
    points = np.hstack([line, 0 * line])
    points[20] = [1000, 0]
    result = distortion(line, points, around=2)
    assert result.dtype == np.float32
    assert result[20] == 1
    assert result[[19, 21]].tolist() == [0.5, 0.5]
    assert not result[:18].any()


def test_many_points_are_sampled() -> None:
    codes = flat(300)
    projection = on_map(codes, np.random.default_rng(1).permutation(codes[:, :2]))
    result, repeated = (quality(projection, most=100, seed=3) for _ in range(2))
    assert result == repeated
    assert result.count == 100
    assert result != quality(projection, most=100, seed=4)
    assert quality(projection).count == 300


@pytest.mark.parametrize("count", [1, 2, 11])
def test_few_points_have_no_scores(count: int) -> None:
    codes = flat(count)
    images = np.zeros((count, 2, 2), np.uint8)
    result = quality(on_map(codes, codes[:, :2]), images)
    assert result.by_code is None
    assert result.by_pixels is None
    assert result.neighbours_lost == 0
    labels = np.arange(count) % 2
    assert cross_validated_accuracy(codes, labels) is None
    assert (knn_accuracy(codes, labels, codes, labels) is None) == (count < 5)


def test_single_class_has_no_accuracy() -> None:
    points, labels = flat()[:, :2], np.zeros(120, np.int64)
    assert cross_validated_accuracy(points, labels) is None
    assert knn_accuracy(points, labels, points, labels) is None


def test_class_with_one_member_counts_as_an_error() -> None:
    codes = flat(60)
    labels = np.zeros(60, np.int64)
    labels[7] = 1
    assert cross_validated_accuracy(codes[:, :2], labels) == pytest.approx(59 / 60)
