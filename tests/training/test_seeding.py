import torch

from aecore.training.seeding import generator


def random_values(seed: int, purpose: str, counter: int = 0) -> list[float]:
    values: list[float] = torch.rand(4, generator=generator(seed, purpose, counter)).tolist()
    return values


def test_equal_seed_purpose_and_counter_give_equal_values() -> None:
    assert random_values(1, "noise", 2) == random_values(1, "noise", 2)


def test_seed_purpose_and_counter_each_change_the_values() -> None:
    draws = [
        random_values(0, "noise"),
        random_values(1, "noise"),
        random_values(0, "order"),
        random_values(0, "noise", 1),
    ]
    assert len({tuple(each) for each in draws}) == 4


def test_largest_seed_is_valid() -> None:
    assert random_values(2**31 - 1, "noise") != random_values(0, "noise")


def test_global_generator_is_left_unchanged() -> None:
    before = torch.get_rng_state()
    random_values(0, "noise")
    assert torch.equal(torch.get_rng_state(), before)
