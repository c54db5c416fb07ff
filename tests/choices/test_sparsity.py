import pytest
import torch

from aecore.choices.sparsity import kl, l1


def test_l1_by_hand() -> None:
    codes = torch.tensor([[1.0, -2.0], [3.0, 0.0]])
    assert l1(codes, torch.tensor([1.0, 10.0])).item() == pytest.approx(2 + 10)


def test_kl_is_nothing_at_the_target_and_more_away_from_it() -> None:
    assert kl(torch.full((5, 3), 0.05), 0.05).item() == pytest.approx(0, abs=1e-6)
    near, far = (kl(torch.full((5, 3), mean), 0.05) for mean in (0.1, 0.5))
    assert 0 < near < far
    wanted = 0.05 * torch.tensor(0.1).log() + 0.95 * torch.tensor(1.9).log()
    assert far.item() == pytest.approx(3 * wanted.item(), rel=1e-4)


@pytest.mark.parametrize("mean", [0.0, 1.0])
def test_kl_of_saturated_units_stays_a_number(mean: float) -> None:
    assert kl(torch.full((5, 3), mean), 0.05).isfinite()
