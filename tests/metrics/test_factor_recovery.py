import numpy as np
import pytest

from aecore.errors import LabError
from aecore.metrics.factor_recovery import distance_correlation, recovery

RANDOM = np.random.default_rng(0)
TRUE = {name: RANDOM.uniform(-1, 1, 600).astype(np.float32) for name in ("slant", "size", "x")}


def codes_of(*columns: np.ndarray) -> np.ndarray:
    return np.column_stack(columns).astype(np.float32)


def noise(units: int, count: int = 600) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, units)).astype(np.float32)


PERFECT = codes_of(*TRUE.values())
PARTIAL = codes_of(TRUE["slant"], np.zeros(600))


def test_a_perfect_code_gives_all_factors_back() -> None:
    found = recovery(PERFECT, TRUE)
    assert list(found) == list(TRUE)
    assert all(0.97 < share <= 1 for share in found.values())


def test_a_curved_code_gives_them_back_too() -> None:
    angle = 3 * TRUE["slant"]
    ring = codes_of(np.cos(angle), np.sin(angle))
    assert recovery(ring, TRUE)["slant"] > 0.97


@pytest.mark.parametrize("units", [2, 16, 64])
def test_noise_gives_nothing(units: int) -> None:
    assert all(-0.2 < share < 0.05 for share in recovery(noise(units), TRUE).values())


def test_a_code_gives_back_what_it_holds_and_no_more() -> None:
    found = recovery(PARTIAL, TRUE)
    assert found["slant"] > 0.97
    assert max(found["size"], found["x"]) < 0.05


def test_what_is_added_as_noise_is_the_share_that_is_lost() -> None:
    factor = TRUE["x"]
    blurred = codes_of(factor + factor.std() * noise(1)[:, 0])
    assert recovery(blurred, {"x": factor})["x"] == pytest.approx(0.5, abs=0.1)


def test_recovery_depends_on_neither_unit_of_measure_nor_place() -> None:
    base = recovery(PERFECT, TRUE)
    moved = recovery(PERFECT * [1, 100, 0.01] + 5, {n: 7 * f - 3 for n, f in TRUE.items()})
    assert moved == pytest.approx(base, abs=0.01)


def test_recovery_is_the_same_from_the_same_seed() -> None:
    mixed = PERFECT + 0.5 * noise(3)
    assert recovery(mixed, TRUE) == recovery(mixed, TRUE)
    assert recovery(mixed, TRUE) != recovery(mixed, TRUE, seed=1)


def test_distance_correlation_is_one_for_the_factor_itself_moved_and_scaled() -> None:
    found = distance_correlation(-3 * TRUE["slant"][:, None] + 2, TRUE)
    assert found["slant"] == pytest.approx(1)
    assert max(found["size"], found["x"]) < 0.1


@pytest.mark.parametrize("units", [1, 8, 64])
def test_distance_correlation_of_noise_is_small_for_short_codes_and_long(units: int) -> None:
    assert max(distance_correlation(noise(units), TRUE).values()) < 0.15


def test_distance_correlation_sees_what_is_not_linear() -> None:
    factor = TRUE["x"]
    bent = codes_of(np.abs(factor))
    assert abs(np.corrcoef(bent[:, 0], factor)[0, 1]) < 0.15
    assert distance_correlation(bent, {"x": factor})["x"] > 0.3


def test_distance_correlation_of_the_normal_distribution_is_the_published_one() -> None:
    """Szekely, Rizzo & Bakirov (2007), theorem 7."""
    rho, count = 0.6, 5000
    one, other = noise(2, count).T
    mixed = rho * one + np.sqrt(1 - rho**2) * other
    expected = (
        rho * np.arcsin(rho)
        + np.sqrt(1 - rho**2)
        - rho * np.arcsin(rho / 2)
        - np.sqrt(4 - rho**2)
        + 1
    ) / (1 + np.pi / 3 - np.sqrt(3))
    found = distance_correlation(one[:, None], {"x": mixed}, most=2000)["x"]
    assert found == pytest.approx(np.sqrt(expected), abs=0.03)


def test_distance_correlation_takes_a_part_of_many_codes() -> None:
    many, factor = noise(2, 20_000), {"x": noise(2, 20_000)[:, 0]}
    assert distance_correlation(many, factor) == distance_correlation(many, factor)
    few = distance_correlation(many[:1500], {"x": factor["x"][:1500]}, most=1500)
    assert distance_correlation(many, factor)["x"] == pytest.approx(few["x"], abs=0.05)


def test_what_does_not_vary_tells_nothing() -> None:
    still = {"x": np.ones(600, np.float32)}
    assert recovery(PERFECT, still) == {"x": 0}
    assert distance_correlation(PERFECT, still) == {"x": 0}
    silent = np.zeros((600, 4), np.float32)
    assert max(recovery(silent, TRUE).values()) < 0.01
    assert set(distance_correlation(silent, TRUE).values()) == {0}


def test_codes_that_are_no_numbers_count_as_zero() -> None:
    broken = PERFECT.copy()
    broken[0] = [np.nan, np.inf, -np.inf]
    assert min(recovery(broken, TRUE).values()) > 0.9
    assert min(distance_correlation(broken, TRUE).values()) > 0.3


def test_without_factors_there_is_nothing_to_measure() -> None:
    assert recovery(PERFECT, {}) == distance_correlation(PERFECT, {}) == {}


def test_too_few_codes_are_refused() -> None:
    few = {name: values[:20] for name, values in TRUE.items()}
    for measure in (recovery, distance_correlation):
        with pytest.raises(
            LabError, match="Measuring factors needs at least 50 codes; there are 20"
        ):
            measure(PERFECT[:20], few)
