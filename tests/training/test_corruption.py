import pytest
import torch
from torch import Tensor

from aecore.choices.noise import NOISE_KINDS
from aecore.knob import using
from aecore.training.corruption import corrupt
from aecore.training.seeding import generator

KINDS = using(NOISE_KINDS, "noise")


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


def test_none_is_identity(images: Tensor) -> None:
    assert torch.equal(corrupt(images, "none", 1, noise()), images)


@pytest.mark.parametrize("kind", KINDS)
def test_more_level_is_more_noise(kind: str, images: Tensor) -> None:
    hits = [(corrupt(images, kind, level, noise()) - images).abs().mean() for level in (0.1, 0.6)]
    assert hits[0] < hits[1]
