import pytest
import torch
from torch import Tensor

from aecore.training.corruption import KINDS, corrupt, gaussian, masking, salt_and_pepper
from aecore.training.seeding import generator

GREY = torch.full((400, 100), 0.5)


def noise() -> torch.Generator:
    return generator(0, "test")


@pytest.fixture
def images() -> Tensor:
    return torch.rand(200, 50, generator=generator(0, "images"))


@pytest.mark.parametrize("kind", KINDS)
def test_pure_in_its_generator(kind: str, images: Tensor) -> None:
    before, state = images.clone(), torch.get_rng_state()
    first, again = (corrupt(images, kind, 0.4, noise()) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, corrupt(images, kind, 0.4, generator(1, "test")))
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kind", [*KINDS, "none"])
@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_shape_and_range(kind: str, level: float, images: Tensor) -> None:
    found = corrupt(images, kind, level, noise())
    assert found.shape == images.shape
    assert found.dtype == torch.float32
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_no_level_is_identity(kind: str, images: Tensor) -> None:
    assert torch.equal(corrupt(images, kind, 0, noise()), images)
    assert torch.equal(KINDS[kind](images, 0, noise()), images)


def test_none_is_identity(images: Tensor) -> None:
    assert torch.equal(corrupt(images, "none", 1, noise()), images)


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


@pytest.mark.parametrize("kind", KINDS)
def test_more_level_is_more_noise(kind: str, images: Tensor) -> None:
    hits = [(corrupt(images, kind, level, noise()) - images).abs().mean() for level in (0.1, 0.6)]
    assert hits[0] < hits[1]
