import numpy as np
import pytest
from sklearn.decomposition import PCA

from aecore.errors import LabError
from aecore.maps.projection import Method, Projection, align, plane, project

Array = np.ndarray


def codes(count: int, units: int, seed: int = 0) -> Array:
    draw = np.random.default_rng(seed)
    spread = 1.2 ** -np.arange(units)
    mixed = draw.standard_normal((count, units)) * spread @ draw.standard_normal((units, units))
    result: Array = (mixed + 3).astype(np.float32)
    return result


def distances(points: Array) -> Array:
    result: Array = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return result


def rotation(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_two_unit_codes_are_used_as_the_map() -> None:
    sample = codes(50, 2)
    assert np.array_equal(plane(sample, np.zeros((50, 2), np.float32)), sample)


def test_one_unit_codes_are_mapped_to_a_line() -> None:
    sample = codes(50, 1)
    points = plane(sample)
    assert np.array_equal(points[:, 0], sample[:, 0])
    assert not points[:, 1].any()


@pytest.mark.parametrize(("count", "units"), [(200, 5), (500, 300), (150, 300), (60, 1024)])
def test_plane_matches_pca(count: int, units: int) -> None:
    sample = codes(count, units)
    points, expected = plane(sample), PCA(2, svd_solver="full").fit_transform(sample)
    assert points.shape == (count, 2)
    assert points.dtype == np.float32
    assert np.allclose(np.abs(points), np.abs(expected), atol=1e-3 * np.abs(expected).max())
    assert np.array_equal(plane(sample), points)


@pytest.mark.parametrize("units", [3, 300])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_codes_give_finite_points(count: int, units: int) -> None:
    assert np.isfinite(plane(codes(count, units))).all()


@pytest.mark.parametrize("units", [3, 300])
def test_identical_codes_are_mapped_to_the_origin(units: int) -> None:
    assert not plane(np.ones((40, units), np.float32)).any()


@pytest.mark.parametrize("units", [5, 300])
def test_codes_along_one_direction_are_mapped_to_a_line(units: int) -> None:
    sample = np.zeros((40, units), np.float32)
    sample[:, 1] = np.arange(40)
    points = plane(sample)
    assert np.abs(points[:, 0]).max() == pytest.approx(19.5)
    assert np.abs(points[:, 1]).max() < 1e-4


@pytest.mark.parametrize("mirror", [1, -1])
def test_align_undoes_rotation_and_reflection(mirror: int) -> None:
    points = codes(80, 2).astype(np.float64)
    points -= points.mean(0)
    rotated = points @ rotation(2.0) * [1, mirror]
    assert np.allclose(align(rotated, points + 7), points)


def test_alignment_with_a_previous_map_keeps_distances() -> None:
    sample = codes(80, 6)
    first = plane(sample)
    rotated = np.asarray(first @ rotation(1.0), np.float32)
    points = plane(sample, rotated)
    assert np.allclose(points, rotated, atol=1e-4)
    assert np.allclose(distances(points), distances(first), atol=1e-4)


@pytest.mark.parametrize("units", [6, 200])
def test_consecutive_frames_do_not_rotate(units: int) -> None:
    """Without alignment, directions of nearly equal variance would swap from frame to frame."""
    draw = np.random.default_rng(0)
    sample = draw.standard_normal((300, units)).astype(np.float32)
    sample[:, 2:] *= 0.1
    previous, moves = plane(sample), []
    for _ in range(30):
        sample = sample + 0.02 * draw.standard_normal(sample.shape).astype(np.float32)
        current = plane(sample, previous)
        moves.append(np.linalg.norm(current - previous) / np.linalg.norm(previous))
        previous = current
    assert max(moves) < 0.05


def test_previous_map_of_other_images_is_ignored() -> None:
    sample = codes(80, 6)
    assert np.array_equal(plane(sample, np.zeros((3, 2), np.float32)), plane(sample))


@pytest.mark.parametrize("units", [1, 2, 5, 300])
def test_non_finite_codes_give_finite_points(units: int) -> None:
    sample = codes(80, units)
    sample[3] = np.nan
    sample[4] = np.inf
    sample[5] = -np.inf
    first = plane(sample)
    assert np.isfinite(first).all()
    assert np.isfinite(plane(np.full_like(sample, np.nan), first)).all()


def clusters(count: int = 90, units: int = 6, seed: int = 0) -> Array:
    draw = np.random.default_rng(seed)
    centres = np.eye(3, units) * 10
    result: Array = (centres[np.arange(count) % 3] + draw.standard_normal((count, units))).astype(
        np.float32
    )
    return result


@pytest.mark.parametrize("units", [1, 2])
def test_direct_map_of_one_or_two_units_is_exactly_invertible(units: int) -> None:
    sample = codes(50, units)
    projection = project(sample, "direct")
    assert np.array_equal(projection.points[:, :units], sample)
    assert np.array_equal(projection.invert(projection.points), sample)


def test_direct_map_shows_two_units_and_keeps_others_at_their_mean() -> None:
    sample = codes(50, 5)
    projection = project(sample, "direct", units=(3, 1))
    assert np.array_equal(projection.points, sample[:, [3, 1]])
    inverted = projection.invert(projection.points)
    assert np.array_equal(inverted[:, [3, 1]], projection.points)
    assert np.allclose(inverted[:, [0, 2, 4]], sample[:, [0, 2, 4]].mean(0), atol=1e-5)


@pytest.mark.parametrize("units", [(1, 1), (0, 5), (-1, 0)])
def test_units_that_do_not_span_a_plane_are_rejected(units: tuple[int, int]) -> None:
    with pytest.raises(LabError, match="choose two different ones, 0 to 4"):
        project(codes(50, 5), "direct", units=units)


@pytest.mark.parametrize("units", [2, 6, 200])
def test_inverse_of_a_pca_map_is_exact_on_the_principal_plane(units: int) -> None:
    sample = codes(80, units)
    rotated = Projection("pca", (plane(sample) @ rotation(1.0)).astype(np.float32), sample)
    projection = project(sample, "pca", previous=rotated)
    sklearn = PCA(2, svd_solver="full").fit(sample)
    expected = sklearn.inverse_transform(sklearn.transform(sample))
    size = np.abs(sample).max()
    assert np.allclose(projection.invert(projection.points), expected, atol=1e-4 * size)
    positions = projection.points[:5] + 1
    assert np.allclose(
        projection.transform(projection.invert(positions)), positions, atol=1e-4 * size
    )
    assert np.allclose(projection.transform(sample), projection.points, atol=1e-4 * size)


def test_pca_map_keeps_the_orientation_of_the_previous_map() -> None:
    sample = codes(80, 6)
    first = project(sample, "pca")
    rotated = Projection("pca", (first.points @ rotation(2.0) * [1, -1]).astype(np.float32), sample)
    assert np.allclose(project(sample, "pca", previous=rotated).points, rotated.points, atol=1e-4)


def test_pca_map_of_one_unit_is_a_line() -> None:
    sample = codes(50, 1)
    projection = project(sample, "pca")
    assert not projection.points[:, 1].any()
    assert np.allclose(projection.invert(projection.points), sample, atol=1e-5)


def test_inverse_weights_the_eight_nearest_points() -> None:
    points = np.column_stack([np.arange(10), np.zeros(10)]).astype(np.float32)
    sample = np.arange(10, dtype=np.float32)[:, None] ** 2
    projection = Projection("umap", points, sample)
    position = np.array([[3.2, 0.5]])
    squared = ((points - position) ** 2).sum(1)
    nearest = np.argsort(squared)[:8]
    weights = 1 / (squared[nearest] + 1e-9 * 9**2)
    expected = (weights * sample[nearest, 0]).sum() / weights.sum()
    assert projection.invert(position)[0, 0] == pytest.approx(expected, rel=1e-5)
    assert np.allclose(projection.invert(points), sample, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_inverse_of_few_or_coinciding_points_is_their_mean(count: int) -> None:
    sample = codes(count, 4)
    inverted = Projection("tsne", np.zeros((count, 2), np.float32), sample).invert(np.ones((2, 2)))
    assert np.allclose(inverted, sample.mean(0), atol=1e-5)


def test_nonlinear_map_cannot_transform_other_codes() -> None:
    projection = Projection("umap", np.zeros((3, 2), np.float32), codes(3, 4))
    with pytest.raises(LabError, match="umap"):
        projection.transform(codes(3, 4))


@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("sample", [codes(15, 4), np.ones((50, 4)), np.full((50, 4), np.nan)])
def test_too_few_distinct_codes_are_rejected(method: Method, sample: Array) -> None:
    with pytest.raises(LabError, match="at least 16 distinct codes"):
        project(sample, method)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_neighbours_stay_together_and_frames_move_little(method: Method) -> None:
    sample = clusters()
    shares: list[float] = []
    first = project(sample, method, quick=True, progress=shares.append)
    assert first.points.shape == (90, 2)
    assert first.points.dtype == np.float32
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    apart = distances(first.points)
    np.fill_diagonal(apart, np.inf)
    assert np.array_equal(apart.argmin(1) % 3, np.arange(90) % 3)
    later = sample + 0.05 * codes(90, 6, seed=1)
    moved = project(later, method, previous=first, quick=True).points
    repeated = project(later, method, previous=first, quick=True).points
    assert np.array_equal(moved, repeated)
    size = np.sqrt((first.points**2).sum(1).mean())
    assert np.sqrt(((moved - first.points) ** 2).sum(1).mean()) < 0.3 * size


@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("units", [1, 6])
def test_many_identical_codes_give_finite_points(method: Method, units: int) -> None:
    sample = np.zeros((80, units), np.float32)
    sample[:20] = codes(20, units)
    sample[20] = np.inf
    projection = project(sample, method, quick=True)
    assert np.isfinite(projection.points).all()
    assert np.isfinite(project(sample, method, previous=projection, quick=True).points).all()
    assert np.isfinite(projection.invert(projection.points)).all()
