import pytest
import torch
from torch import Tensor

from aecore.choices.noise import NOISE_KINDS, gaussian, masking, salt_and_pepper
from aecore.training.seeding import generator

GREY = torch.full((400, 100), 0.5)


def noise_generator() -> torch.Generator:
    return generator(0, "test")


def test_gaussian_standard_deviation_equals_the_level() -> None:
    noisy = gaussian(GREY, 0.1, noise_generator())
    assert noisy.mean().item() == pytest.approx(0.5, abs=2e-3)
    assert noisy.std().item() == pytest.approx(0.1, rel=0.02)


def test_masking_zeroes_the_given_share_and_keeps_the_rest() -> None:
    noisy = masking(GREY, 0.3, noise_generator())
    assert set(noisy.flatten().tolist()) == {0.0, 0.5}
    assert (noisy == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(masking(GREY, 1.0, noise_generator()), torch.zeros_like(GREY))


def test_salt_and_pepper_are_equally_frequent() -> None:
    noisy = salt_and_pepper(GREY, 0.4, noise_generator())
    assert set(noisy.flatten().tolist()) == {0.0, 0.5, 1.0}
    assert (noisy == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (noisy == 1).float().mean().item() == pytest.approx(0.2, abs=0.01)


def test_level_zero_leaves_images_unchanged() -> None:
    for kind in NOISE_KINDS.values():
        assert torch.equal(kind.corrupt(GREY, 0, noise_generator()), GREY)


def test_noise_is_bit_identical_to_draws_by_torch() -> None:
    # Saved runs must be resumed and replayed with the same noise.
    images = torch.rand(50, 30, generator=generator(0, "images"))
    normal = (
        torch.randn(images.shape, generator=noise_generator()).mul_(0.3).add_(images).clamp_(0, 1)
    )
    chance = torch.rand(images.shape, generator=noise_generator())
    mixed = torch.where(chance < 0.3, (chance < 0.15).float(), images)
    cases: list[tuple[Tensor, str]] = [
        (normal, "gaussian"),
        (images * (chance >= 0.3), "masking"),
        (mixed, "salt_and_pepper"),
    ]
    for expected, kind in cases:
        assert torch.equal(NOISE_KINDS[kind].corrupt(images, 0.3, noise_generator()), expected)
