import pytest
import torch
from torch import Tensor

from aecore.choices.noise import NOISE_KINDS, gaussian, masking, salt_and_pepper
from aecore.training.seeding import generator

GREY = torch.full((400, 100), 0.5)


def noise() -> torch.Generator:
    return generator(0, "test")


def test_gaussian_has_the_level_as_deviation() -> None:
    found = gaussian(GREY, 0.1, noise())
    assert found.mean().item() == pytest.approx(0.5, abs=2e-3)
    assert found.std().item() == pytest.approx(0.1, rel=0.02)


def test_masking_blackens_that_share_and_leaves_the_rest() -> None:
    found = masking(GREY, 0.3, noise())
    assert set(found.flatten().tolist()) == {0.0, 0.5}
    assert (found == 0).float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(masking(GREY, 1.0, noise()), torch.zeros_like(GREY))


def test_salt_and_pepper_in_equal_parts() -> None:
    found = salt_and_pepper(GREY, 0.4, noise())
    assert set(found.flatten().tolist()) == {0.0, 0.5, 1.0}
    assert (found == 0).float().mean().item() == pytest.approx(0.2, abs=0.01)
    assert (found == 1).float().mean().item() == pytest.approx(0.2, abs=0.01)


def test_without_a_level_every_kind_leaves_images_as_they_are() -> None:
    for kind in NOISE_KINDS.values():
        assert torch.equal(kind.corrupt(GREY, 0, noise()), GREY)


def test_the_same_bits_as_drawn_with_torch() -> None:
    # Runs that were saved before must go on, and be repeated, with the same noise.
    images = torch.rand(50, 30, generator=generator(0, "images"))
    normal = torch.randn(images.shape, generator=noise()).mul_(0.3).add_(images).clamp_(0, 1)
    chance = torch.rand(images.shape, generator=noise())
    mixed = torch.where(chance < 0.3, (chance < 0.15).float(), images)
    drawn: list[tuple[Tensor, str]] = [
        (normal, "gaussian"),
        (images * (chance >= 0.3), "masking"),
        (mixed, "salt_and_pepper"),
    ]
    for expected, kind in drawn:
        assert torch.equal(NOISE_KINDS[kind].corrupt(images, 0.3, noise()), expected)
