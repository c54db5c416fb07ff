import pytest
import torch

from aecore.choices.loss import LOSSES


def test_squared_error_is_the_mean_over_pixels() -> None:
    found = LOSSES["mse"].error(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.5]]))
    assert found.item() == pytest.approx((1 + 0.25) / 2)


def test_cross_entropy_is_least_at_the_image() -> None:
    wanted = torch.tensor([[0.2, 0.9]])
    at = [LOSSES["bce"].error(wanted + shift, wanted) for shift in (-0.05, 0.0, 0.05)]
    assert at[1] < at[0]
    assert at[1] < at[2]


@pytest.mark.parametrize("kind", ["mse", "bce"])
def test_what_is_no_number_is_a_loss_that_is_none(kind: str) -> None:
    found = LOSSES[kind].error(torch.tensor([[torch.nan, 0.5]]), torch.tensor([[1.0, 1.0]]))
    assert found.isnan()
