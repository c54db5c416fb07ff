import numpy as np
import pytest

from aecore.errors import LabError
from aecore.metrics.factor_recovery import distance_correlation, recovery

RANDOM = np.random.default_rng(0)
TRUE = {name: RANDOM.uniform(-1, 1, 600).astype(np.float32) for name in ("slant", "size", "x")}


def stack_codes(*columns: np.ndarray) -> np.ndarray:
    return np.column_stack(columns).astype(np.float32)


def noise(units: int, count: int = 600) -> np.ndarray:
    return np.random.default_rng(1).standard_normal((count, units)).astype(np.float32)


PERFECT = stack_codes(*TRUE.values())
PARTIAL = stack_codes(TRUE["slant"], np.zeros(600))


def test_perfect_code_recovers_all_factors() -> None:
    result = recovery(PERFECT, TRUE)
    assert list(result) == list(TRUE)
    assert all(0.97 < share <= 1 for share in result.values())


def test_curved_code_recovers_its_factor() -> None:
    angle = 3 * TRUE["slant"]
    ring = stack_codes(np.cos(angle), np.sin(angle))
    assert recovery(ring, TRUE)["slant"] > 0.97


@pytest.mark.parametrize("units", [2, 16, 64])
def test_noise_recovers_no_factor(units: int) -> None:
    assert all(-0.2 < share < 0.05 for share in recovery(noise(units), TRUE).values())


def test_code_recovers_only_the_factor_it_encodes() -> None:
    result = recovery(PARTIAL, TRUE)
    assert result["slant"] > 0.97
    assert max(result["size"], result["x"]) < 0.05


def test_recovery_falls_by_the_share_of_noise_variance() -> None:
    factor = TRUE["x"]
    blurred = stack_codes(factor + factor.std() * noise(1)[:, 0])
    assert recovery(blurred, {"x": factor})["x"] == pytest.approx(0.5, abs=0.1)


def test_recovery_is_invariant_to_scale_and_shift() -> None:
    base = recovery(PERFECT, TRUE)
    moved = recovery(PERFECT * [1, 100, 0.01] + 5, {n: 7 * f - 3 for n, f in TRUE.items()})
    assert moved == pytest.approx(base, abs=0.01)


def test_recovery_is_determined_by_the_seed() -> None:
    mixed = PERFECT + 0.5 * noise(3)
    assert recovery(mixed, TRUE) == recovery(mixed, TRUE)
    assert recovery(mixed, TRUE) != recovery(mixed, TRUE, seed=1)


def test_distance_correlation_with_a_shifted_scaled_factor_is_one() -> None:
    result = distance_correlation(-3 * TRUE["slant"][:, None] + 2, TRUE)
    assert result["slant"] == pytest.approx(1)
    assert max(result["size"], result["x"]) < 0.1


@pytest.mark.parametrize("units", [1, 8, 64])
def test_distance_correlation_of_noise_is_small_at_any_code_size(units: int) -> None:
    assert max(distance_correlation(noise(units), TRUE).values()) < 0.15


def test_distance_correlation_detects_nonlinear_dependence() -> None:
    factor = TRUE["x"]
    folded = stack_codes(np.abs(factor))
    assert abs(np.corrcoef(folded[:, 0], factor)[0, 1]) < 0.15
    assert distance_correlation(folded, {"x": factor})["x"] > 0.3


def test_distance_correlation_of_gaussians_has_the_published_value() -> None:
    """Compare with theorem 7 of Szekely, Rizzo & Bakirov (2007)."""
    rho, count = 0.6, 5000
    x, independent = noise(2, count).T
    y = rho * x + np.sqrt(1 - rho**2) * independent
    expected = (
        rho * np.arcsin(rho)
        + np.sqrt(1 - rho**2)
        - rho * np.arcsin(rho / 2)
        - np.sqrt(4 - rho**2)
        + 1
    ) / (1 + np.pi / 3 - np.sqrt(3))
    result = distance_correlation(x[:, None], {"x": y}, most=2000)["x"]
    assert result == pytest.approx(np.sqrt(expected), abs=0.03)


def test_distance_correlation_subsamples_many_codes() -> None:
    many, factor = noise(2, 20_000), {"x": noise(2, 20_000)[:, 0]}
    assert distance_correlation(many, factor) == distance_correlation(many, factor)
    few = distance_correlation(many[:1500], {"x": factor["x"][:1500]}, most=1500)
    assert distance_correlation(many, factor)["x"] == pytest.approx(few["x"], abs=0.05)


def test_constant_factors_and_constant_codes_score_zero() -> None:
    constant_factor = {"x": np.ones(600, np.float32)}
    assert recovery(PERFECT, constant_factor) == {"x": 0}
    assert distance_correlation(PERFECT, constant_factor) == {"x": 0}
    constant_codes = np.zeros((600, 4), np.float32)
    assert max(recovery(constant_codes, TRUE).values()) < 0.01
    assert set(distance_correlation(constant_codes, TRUE).values()) == {0}


def test_non_finite_codes_count_as_zero() -> None:
    broken = PERFECT.copy()
    broken[0] = [np.nan, np.inf, -np.inf]
    assert min(recovery(broken, TRUE).values()) > 0.9
    assert min(distance_correlation(broken, TRUE).values()) > 0.3


def test_without_factors_the_results_are_empty() -> None:
    assert recovery(PERFECT, {}) == distance_correlation(PERFECT, {}) == {}


def test_too_few_codes_are_rejected() -> None:
    few = {name: values[:20] for name, values in TRUE.items()}
    for measure in (recovery, distance_correlation):
        with pytest.raises(
            LabError, match="Measuring factors needs at least 50 codes; there are 20"
        ):
            measure(PERFECT[:20], few)
