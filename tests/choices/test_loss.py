import pytest
import torch

from aecore.choices.loss import LOSSES


def test_squared_error_is_the_mean_over_pixels() -> None:
    error = LOSSES["mse"].error(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.5]]))
    assert error.item() == pytest.approx((1 + 0.25) / 2)


def test_clipped_error_is_that_of_clipped_images_where_it_can_be_zero() -> None:
    output = torch.tensor([[-3.0, 0.5, 1.5, 0.25]])
    images = torch.tensor([[0.0, 0.75, 1.0, 0.25]])
    expected = LOSSES["mse"].error(output.clamp(0, 1), images)
    assert LOSSES["clipped"].error(output, images).item() == pytest.approx(expected.item())
    inside = torch.tensor([[0.1, 0.9, 0.4, 0.0]])
    squared = LOSSES["mse"].error(inside, images)
    assert LOSSES["clipped"].error(inside, images).item() == pytest.approx(squared.item())


@pytest.mark.parametrize(
    ("output", "target", "slope"),
    [(-2.0, 0.0, 0.0), (-2.0, 0.25, -0.5), (3.0, 1.0, 0.0), (3.0, 0.25, 1.5), (0.5, 0.25, 0.5)],
)
def test_gradient_of_the_clipped_error_is_that_at_the_clipped_pixel(
    output: float, target: float, slope: float
) -> None:
    pixel = torch.tensor([[output]], requires_grad=True)
    (gradient,) = torch.autograd.grad(
        LOSSES["clipped"].error(pixel, torch.tensor([[target]])), [pixel]
    )
    assert gradient.item() == pytest.approx(slope)


def test_clipped_error_is_convex() -> None:
    places = torch.linspace(-3, 4, 141)
    for target in (0.0, 0.3, 1.0):
        values = [
            LOSSES["clipped"].error(place[None, None], torch.tensor([[target]])).item()
            for place in places
        ]
        assert (torch.tensor(values).diff().diff() > -1e-5).all()


def test_cross_entropy_is_lowest_at_the_target() -> None:
    target = torch.tensor([[0.2, 0.9]])
    errors = [LOSSES["bce"].error((target + shift).logit(), target) for shift in (-0.05, 0.0, 0.05)]
    assert errors[1] < errors[0]
    assert errors[1] < errors[2]


def test_cross_entropy_of_confident_mistakes_has_a_gradient() -> None:
    logits = torch.tensor([[30.0, -30.0]], requires_grad=True)
    error = LOSSES["bce"].error(logits, torch.tensor([[0.0, 1.0]]))
    (gradient,) = torch.autograd.grad(error, [logits])
    assert error.item() == pytest.approx(30)
    assert gradient.tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize("kind", [*LOSSES])
def test_nan_in_the_reconstruction_gives_a_nan_loss(kind: str) -> None:
    error = LOSSES[kind].error(torch.tensor([[torch.nan, 0.5]]), torch.tensor([[1.0, 1.0]]))
    assert error.isnan()
