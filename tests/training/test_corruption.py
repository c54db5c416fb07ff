import pytest
import torch
from torch import Tensor

from aecore.choices.noise import NOISE_KINDS
from aecore.knob import using
from aecore.training.corruption import corrupt
from aecore.training.seeding import generator

KINDS = using(NOISE_KINDS, "noise")


def noise_generator() -> torch.Generator:
    return generator(0, "test")


@pytest.fixture
def images() -> Tensor:
    return torch.rand(200, 50, generator=generator(0, "images"))


@pytest.mark.parametrize("kind", KINDS)
def test_corruption_is_determined_by_its_generator(kind: str, images: Tensor) -> None:
    before, state = images.clone(), torch.get_rng_state()
    first, second = (corrupt(images, kind, 0.4, noise_generator()) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, corrupt(images, kind, 0.4, generator(1, "test")))
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("kind", [*KINDS, "none"])
@pytest.mark.parametrize("level", [0.0, 0.3, 1.0])
def test_shape_dtype_and_range(kind: str, level: float, images: Tensor) -> None:
    corrupted = corrupt(images, kind, level, noise_generator())
    assert corrupted.shape == images.shape
    assert corrupted.dtype == torch.float32
    assert corrupted.min() >= 0
    assert corrupted.max() <= 1


@pytest.mark.parametrize("kind", KINDS)
def test_level_zero_is_identity(kind: str, images: Tensor) -> None:
    assert torch.equal(corrupt(images, kind, 0, noise_generator()), images)


def test_kind_none_is_identity(images: Tensor) -> None:
    assert torch.equal(corrupt(images, "none", 1, noise_generator()), images)


@pytest.mark.parametrize("kind", KINDS)
def test_noise_increases_with_the_level(kind: str, images: Tensor) -> None:
    deviations = [
        (corrupt(images, kind, level, noise_generator()) - images).abs().mean()
        for level in (0.1, 0.6)
    ]
    assert deviations[0] < deviations[1]
