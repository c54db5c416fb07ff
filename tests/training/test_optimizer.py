from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from aecore.config import Config
from aecore.training import optimizer
from aecore.training.schedule import learning_rate


def rates(schedule: str) -> list[float]:
    config = Config(schedule=schedule, learning_rate=0.5)
    return [learning_rate(config, place / 1000) for place in range(1501)]


def test_constant() -> None:
    assert set(rates("constant")) == {0.5}


def test_cosine_falls_all_the_way() -> None:
    found = rates("cosine")
    assert found[0] == 0.5
    assert found[500] == pytest.approx(0.25)
    assert found[1000] == pytest.approx(0.0005)
    assert found[:1001] == sorted(found[:1001], reverse=True)


def test_one_cycle_starts_low_peaks_and_ends_near_nothing() -> None:
    found = rates("one_cycle")
    assert found[0] == pytest.approx(0.02)
    assert max(found) == found[100] == 0.5
    assert found[:101] == sorted(found[:101])
    assert found[100:1001] == sorted(found[100:1001], reverse=True)
    assert found[1000] == pytest.approx(0.0005)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_never_negative_and_still_beyond_the_end(schedule: str) -> None:
    found = rates(schedule)
    assert min(found) > 0
    assert set(found[1000:]) == {found[1000]}
    assert max(abs(a - b) for a, b in pairwise(found)) < 0.01


def net() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    for place, each in enumerate(model.parameters()):
        nn.init.uniform_(each, generator=torch.Generator().manual_seed(place))
    return model


def advance(model: nn.Module, built: torch.optim.Optimizer, count: int) -> None:
    x = torch.linspace(-1, 1, 20).reshape(5, 4)
    for _ in range(count):
        built.zero_grad()
        model(x).square().sum().backward()
        built.step()


KINDS: dict[str, Callable[[], Config]] = {
    "adam": lambda: Config(optimizer="adam", learning_rate=0.01),
    "sgd": lambda: Config(optimizer="sgd", learning_rate=0.01, momentum=0.9),
    "sgd without momentum": lambda: Config(optimizer="sgd", learning_rate=0.01, momentum=0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_moments_taken_apart_and_put_together_go_on_the_same(kind: str) -> None:
    config = KINDS[kind]()
    whole, cut = net(), net()
    advance(whole, optimizer.build(whole, config), 6)
    first = optimizer.build(cut, config)
    advance(cut, first, 3)
    flat: dict[str, Tensor] = dict(optimizer.flat(optimizer.moments(first, cut)))
    assert all(name.rsplit("/", 1)[0] in dict(cut.named_parameters()) for name in flat)
    advance(cut, optimizer.build(cut, config, optimizer.nested(flat)), 3)
    for one, other in zip(whole.parameters(), cut.parameters(), strict=True):
        assert torch.equal(one, other)


def test_without_its_moments_it_goes_on_otherwise() -> None:
    whole, cut = net(), net()
    config = KINDS["adam"]()
    advance(whole, optimizer.build(whole, config), 6)
    for _ in range(2):
        advance(cut, optimizer.build(cut, config), 3)
    assert not torch.equal(next(whole.parameters()), next(cut.parameters()))


def test_put_together_moments_are_copies() -> None:
    flat = {"0.weight/exp_avg": torch.zeros(2)}
    optimizer.nested(flat)["0.weight"]["exp_avg"].add_(1)
    assert flat["0.weight/exp_avg"].sum() == 0


def test_the_pace_is_set_before_a_step() -> None:
    built = optimizer.build(net(), Config(optimizer="sgd"))
    optimizer.set_rate(built, Config(optimizer="sgd", momentum=0.3), 0.25)
    assert built.param_groups[0]["lr"] == 0.25
    assert built.param_groups[0]["momentum"] == 0.3


def test_a_rate_of_nothing_moves_nothing() -> None:
    model = net()
    built = optimizer.build(model, Config())
    optimizer.set_rate(built, Config(), 0.0)
    before = [each.clone() for each in model.parameters()]
    advance(model, built, 1)
    assert all(map(torch.equal, model.parameters(), before))
