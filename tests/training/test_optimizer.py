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


def test_constant_schedule() -> None:
    assert set(rates("constant")) == {0.5}


def test_cosine_falls_monotonically() -> None:
    values = rates("cosine")
    assert values[0] == 0.5
    assert values[500] == pytest.approx(0.25)
    assert values[1000] == pytest.approx(0.0005)
    assert values[:1001] == sorted(values[:1001], reverse=True)


def test_one_cycle_starts_low_peaks_and_ends_near_zero() -> None:
    values = rates("one_cycle")
    assert values[0] == pytest.approx(0.02)
    assert max(values) == values[100] == 0.5
    assert values[:101] == sorted(values[:101])
    assert values[100:1001] == sorted(values[100:1001], reverse=True)
    assert values[1000] == pytest.approx(0.0005)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_rates_are_positive_smooth_and_constant_after_the_end(schedule: str) -> None:
    values = rates(schedule)
    assert min(values) > 0
    assert set(values[1000:]) == {values[1000]}
    assert max(abs(a - b) for a, b in pairwise(values)) < 0.01


def net() -> nn.Sequential:
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2))
    for place, each in enumerate(model.parameters()):
        nn.init.uniform_(each, generator=torch.Generator().manual_seed(place))
    return model


def advance(model: nn.Module, torch_optimizer: torch.optim.Optimizer, count: int) -> None:
    x = torch.linspace(-1, 1, 20).reshape(5, 4)
    for _ in range(count):
        torch_optimizer.zero_grad()
        model(x).square().sum().backward()
        torch_optimizer.step()


KINDS: dict[str, Callable[[], Config]] = {
    "adam": lambda: Config(optimizer="adam", learning_rate=0.01),
    "sgd": lambda: Config(optimizer="sgd", learning_rate=0.01, momentum=0.9),
    "sgd without momentum": lambda: Config(optimizer="sgd", learning_rate=0.01, momentum=0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_training_continues_identically_from_restored_moments(kind: str) -> None:
    config = KINDS[kind]()
    uninterrupted, resumed = net(), net()
    advance(uninterrupted, optimizer.build(uninterrupted, config), 6)
    saved_optimizer = optimizer.build(resumed, config)
    advance(resumed, saved_optimizer, 3)
    flat: dict[str, Tensor] = dict(optimizer.flat(optimizer.moments(saved_optimizer, resumed)))
    assert all(name.rsplit("/", 1)[0] in dict(resumed.named_parameters()) for name in flat)
    advance(resumed, optimizer.build(resumed, config, optimizer.nested(flat)), 3)
    for expected, actual in zip(uninterrupted.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(expected, actual)


def test_training_continues_differently_without_its_moments() -> None:
    uninterrupted, resumed = net(), net()
    config = KINDS["adam"]()
    advance(uninterrupted, optimizer.build(uninterrupted, config), 6)
    for _ in range(2):
        advance(resumed, optimizer.build(resumed, config), 3)
    assert not torch.equal(next(uninterrupted.parameters()), next(resumed.parameters()))


def test_nested_moments_are_copies() -> None:
    flat = {"0.weight/exp_avg": torch.zeros(2)}
    optimizer.nested(flat)["0.weight"]["exp_avg"].add_(1)
    assert flat["0.weight/exp_avg"].sum() == 0


def test_set_rate_sets_learning_rate_and_momentum() -> None:
    torch_optimizer = optimizer.build(net(), Config(optimizer="sgd"))
    optimizer.set_rate(torch_optimizer, Config(optimizer="sgd", momentum=0.3), 0.25)
    assert torch_optimizer.param_groups[0]["lr"] == 0.25
    assert torch_optimizer.param_groups[0]["momentum"] == 0.3


def test_zero_learning_rate_changes_no_weights() -> None:
    model = net()
    torch_optimizer = optimizer.build(model, Config())
    optimizer.set_rate(torch_optimizer, Config(), 0.0)
    before = [each.clone() for each in model.parameters()]
    advance(model, torch_optimizer, 1)
    assert all(map(torch.equal, model.parameters(), before))
