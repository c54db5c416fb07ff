import torch

from aecore.training.seeding import generator


def drawn(seed: int, purpose: str, counter: int = 0) -> list[float]:
    values: list[float] = torch.rand(4, generator=generator(seed, purpose, counter)).tolist()
    return values


def test_the_same_name_gives_the_same_draw() -> None:
    assert drawn(1, "noise", 2) == drawn(1, "noise", 2)


def test_seed_purpose_and_counter_each_matter() -> None:
    draws = [drawn(0, "noise"), drawn(1, "noise"), drawn(0, "order"), drawn(0, "noise", 1)]
    assert len({tuple(each) for each in draws}) == 4


def test_the_largest_seed() -> None:
    assert drawn(2**31 - 1, "noise") != drawn(0, "noise")


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    drawn(0, "noise")
    assert torch.equal(torch.get_rng_state(), before)
