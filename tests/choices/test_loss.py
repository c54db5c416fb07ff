import pytest
import torch

from aecore.choices.loss import LOSSES


def test_squared_error_is_the_mean_over_pixels() -> None:
    error = LOSSES["mse"].error(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.5]]))
    assert error.item() == pytest.approx((1 + 0.25) / 2)


def test_cross_entropy_is_lowest_at_the_target() -> None:
    target = torch.tensor([[0.2, 0.9]])
    errors = [LOSSES["bce"].error(target + shift, target) for shift in (-0.05, 0.0, 0.05)]
    assert errors[1] < errors[0]
    assert errors[1] < errors[2]


@pytest.mark.parametrize("kind", ["mse", "bce"])
def test_nan_in_the_reconstruction_gives_a_nan_loss(kind: str) -> None:
    error = LOSSES[kind].error(torch.tensor([[torch.nan, 0.5]]), torch.tensor([[1.0, 1.0]]))
    assert error.isnan()
