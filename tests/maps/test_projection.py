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
    found: Array = (mixed + 3).astype(np.float32)
    return found


def distances(points: Array) -> Array:
    found: Array = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return found


def rotation(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_two_numbers_are_a_map_already() -> None:
    given = codes(50, 2)
    assert np.array_equal(plane(given, np.zeros((50, 2), np.float32)), given)


def test_one_number_is_a_line() -> None:
    given = codes(50, 1)
    found = plane(given)
    assert np.array_equal(found[:, 0], given[:, 0])
    assert not found[:, 1].any()


@pytest.mark.parametrize(("count", "units"), [(200, 5), (500, 300), (150, 300), (60, 1024)])
def test_the_plane_is_the_principal_one(count: int, units: int) -> None:
    given = codes(count, units)
    found, wanted = plane(given), PCA(2, svd_solver="full").fit_transform(given)
    assert found.shape == (count, 2)
    assert found.dtype == np.float32
    assert np.allclose(np.abs(found), np.abs(wanted), atol=1e-3 * np.abs(wanted).max())
    assert np.array_equal(plane(given), found)


@pytest.mark.parametrize("units", [3, 300])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_handful_of_codes(count: int, units: int) -> None:
    assert np.isfinite(plane(codes(count, units))).all()


@pytest.mark.parametrize("units", [3, 300])
def test_codes_that_are_all_the_same(units: int) -> None:
    assert not plane(np.ones((40, units), np.float32)).any()


@pytest.mark.parametrize("units", [5, 300])
def test_codes_along_one_direction(units: int) -> None:
    given = np.zeros((40, units), np.float32)
    given[:, 1] = np.arange(40)
    found = plane(given)
    assert np.abs(found[:, 0]).max() == pytest.approx(19.5)
    assert np.abs(found[:, 1]).max() < 1e-4


@pytest.mark.parametrize("mirror", [1, -1])
def test_a_turned_map_is_turned_back(mirror: int) -> None:
    points = codes(80, 2).astype(np.float64)
    points -= points.mean(0)
    turned = points @ rotation(2.0) * [1, mirror]
    assert np.allclose(align(turned, points + 7), points)


def test_a_previous_map_turns_the_plane_and_keeps_distances() -> None:
    given = codes(80, 6)
    first = plane(given)
    turned = np.asarray(first @ rotation(1.0), np.float32)
    found = plane(given, turned)
    assert np.allclose(found, turned, atol=1e-4)
    assert np.allclose(distances(found), distances(first), atol=1e-4)


@pytest.mark.parametrize("units", [6, 200])
def test_consecutive_frames_do_not_spin(units: int) -> None:
    """Two directions of nearly equal variance change places from frame to frame."""
    draw = np.random.default_rng(0)
    given = draw.standard_normal((300, units)).astype(np.float32)
    given[:, 2:] *= 0.1
    previous, moves = plane(given), []
    for _ in range(30):
        given = given + 0.02 * draw.standard_normal(given.shape).astype(np.float32)
        now = plane(given, previous)
        moves.append(np.linalg.norm(now - previous) / np.linalg.norm(previous))
        previous = now
    assert max(moves) < 0.05


def test_a_previous_map_of_other_images_is_left_out() -> None:
    given = codes(80, 6)
    assert np.array_equal(plane(given, np.zeros((3, 2), np.float32)), plane(given))


@pytest.mark.parametrize("units", [1, 2, 5, 300])
def test_codes_that_are_no_numbers_do_not_break_the_map(units: int) -> None:
    given = codes(80, units)
    given[3] = np.nan
    given[4] = np.inf
    given[5] = -np.inf
    first = plane(given)
    assert np.isfinite(first).all()
    assert np.isfinite(plane(np.full_like(given, np.nan), first)).all()


def clusters(count: int = 90, units: int = 6, seed: int = 0) -> Array:
    draw = np.random.default_rng(seed)
    centres = np.eye(3, units) * 10
    found: Array = (centres[np.arange(count) % 3] + draw.standard_normal((count, units))).astype(
        np.float32
    )
    return found


@pytest.mark.parametrize("units", [1, 2])
def test_a_direct_map_of_one_or_two_units_is_exact_both_ways(units: int) -> None:
    given = codes(50, units)
    found = project(given, "direct")
    assert np.array_equal(found.points[:, :units], given)
    assert np.array_equal(found.invert(found.points), given)


def test_a_direct_map_shows_the_units_chosen_and_holds_the_others_at_their_mean() -> None:
    given = codes(50, 5)
    found = project(given, "direct", units=(3, 1))
    assert np.array_equal(found.points, given[:, [3, 1]])
    back = found.invert(found.points)
    assert np.array_equal(back[:, [3, 1]], found.points)
    assert np.allclose(back[:, [0, 2, 4]], given[:, [0, 2, 4]].mean(0), atol=1e-5)


@pytest.mark.parametrize("units", [(1, 1), (0, 5), (-1, 0)])
def test_units_that_span_no_plane(units: tuple[int, int]) -> None:
    with pytest.raises(LabError, match="choose two different ones, 0 to 4"):
        project(codes(50, 5), "direct", units=units)


@pytest.mark.parametrize("units", [2, 6, 200])
def test_the_way_back_from_the_principal_plane_is_exact_on_the_plane(units: int) -> None:
    given = codes(80, units)
    turned = Projection("pca", (plane(given) @ rotation(1.0)).astype(np.float32), given)
    found = project(given, "pca", previous=turned)
    sklearn = PCA(2, svd_solver="full").fit(given)
    wanted = sklearn.inverse_transform(sklearn.transform(given))
    size = np.abs(given).max()
    assert np.allclose(found.invert(found.points), wanted, atol=1e-4 * size)
    places = found.points[:5] + 1
    assert np.allclose(found.transform(found.invert(places)), places, atol=1e-4 * size)
    assert np.allclose(found.transform(given), found.points, atol=1e-4 * size)


def test_the_principal_plane_stays_turned_as_it_was() -> None:
    given = codes(80, 6)
    first = project(given, "pca")
    turned = Projection("pca", (first.points @ rotation(2.0) * [1, -1]).astype(np.float32), given)
    assert np.allclose(project(given, "pca", previous=turned).points, turned.points, atol=1e-4)


def test_one_unit_has_a_principal_line() -> None:
    given = codes(50, 1)
    found = project(given, "pca")
    assert not found.points[:, 1].any()
    assert np.allclose(found.invert(found.points), given, atol=1e-5)


def test_the_way_back_weighs_the_eight_nearest() -> None:
    points = np.column_stack([np.arange(10), np.zeros(10)]).astype(np.float32)
    given = np.arange(10, dtype=np.float32)[:, None] ** 2
    found = Projection("umap", points, given)
    place = np.array([[3.2, 0.5]])
    squared = ((points - place) ** 2).sum(1)
    nearest = np.argsort(squared)[:8]
    weights = 1 / (squared[nearest] + 1e-9 * 9**2)
    wanted = (weights * given[nearest, 0]).sum() / weights.sum()
    assert found.invert(place)[0, 0] == pytest.approx(wanted, rel=1e-5)
    assert np.allclose(found.invert(points), given, atol=1e-4)


@pytest.mark.parametrize("count", [1, 3])
def test_the_way_back_from_few_points_or_from_one_place(count: int) -> None:
    given = codes(count, 4)
    back = Projection("tsne", np.zeros((count, 2), np.float32), given).invert(np.ones((2, 2)))
    assert np.allclose(back, given.mean(0), atol=1e-5)


def test_a_map_that_is_not_linear_places_no_other_codes() -> None:
    found = Projection("umap", np.zeros((3, 2), np.float32), codes(3, 4))
    with pytest.raises(LabError, match="umap"):
        found.transform(codes(3, 4))


@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("given", [codes(15, 4), np.ones((50, 4)), np.full((50, 4), np.nan)])
def test_too_few_different_codes_are_refused(method: Method, given: Array) -> None:
    with pytest.raises(LabError, match="at least 16 distinct codes"):
        project(given, method)


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_neighbours_stay_together_and_a_frame_moves_little(method: Method) -> None:
    given = clusters()
    shares: list[float] = []
    first = project(given, method, quick=True, progress=shares.append)
    assert first.points.shape == (90, 2)
    assert first.points.dtype == np.float32
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    apart = distances(first.points)
    np.fill_diagonal(apart, np.inf)
    assert np.array_equal(apart.argmin(1) % 3, np.arange(90) % 3)
    later = given + 0.05 * codes(90, 6, seed=1)
    moved = project(later, method, previous=first, quick=True).points
    again = project(later, method, previous=first, quick=True).points
    assert np.array_equal(moved, again)
    size = np.sqrt((first.points**2).sum(1).mean())
    assert np.sqrt(((moved - first.points) ** 2).sum(1).mean()) < 0.3 * size


@pytest.mark.parametrize("method", ["umap", "tsne"])
@pytest.mark.parametrize("units", [1, 6])
def test_codes_many_of_which_are_the_same(method: Method, units: int) -> None:
    given = np.zeros((80, units), np.float32)
    given[:20] = codes(20, units)
    given[20] = np.inf
    found = project(given, method, quick=True)
    assert np.isfinite(found.points).all()
    assert np.isfinite(project(given, method, previous=found, quick=True).points).all()
    assert np.isfinite(found.invert(found.points)).all()
