import pytest
import torch

from aecore.choices.sparsity import kl, l1


def test_l1_matches_a_hand_computed_value() -> None:
    codes = torch.tensor([[1.0, -2.0], [3.0, 0.0]])
    assert l1(codes, torch.tensor([1.0, 10.0])).item() == pytest.approx(2 + 10)


def test_kl_is_zero_at_the_target_and_grows_away_from_it() -> None:
    assert kl(torch.full((5, 3), 0.05), 0.05).item() == pytest.approx(0, abs=1e-6)
    near, far = (kl(torch.full((5, 3), mean), 0.05) for mean in (0.1, 0.5))
    assert 0 < near < far
    expected = 0.05 * torch.tensor(0.1).log() + 0.95 * torch.tensor(1.9).log()
    assert far.item() == pytest.approx(3 * expected.item(), rel=1e-4)


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_kl_of_saturated_units_is_finite(mean: float) -> None:
    assert kl(torch.full((5, 3), mean), 0.05).isfinite()
