import numpy as np
import pytest
from sklearn.decomposition import PCA

from aecore.projection import align, plane

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
