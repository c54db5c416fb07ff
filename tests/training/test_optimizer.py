import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest
import torch
from torch import Tensor, nn

from aecore.config import Config
from aecore.training import optimizer
from aecore.training.optimizer import Stepper
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


KINDS: dict[str, Callable[[], Config]] = {
    "adam": lambda: Config(optimizer="adam", learning_rate=0.01),
    "sgd": lambda: Config(optimizer="sgd", learning_rate=0.01, momentum=0.9),
    "sgd without momentum": lambda: Config(optimizer="sgd", learning_rate=0.01, momentum=0),
}
TORCH_CLASSES = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


def loss(model: nn.Module) -> Tensor:
    return cast(Tensor, model(torch.linspace(-1, 1, 20).reshape(5, 4))).square().sum()


def advance(model: nn.Module, stepper: Stepper, config: Config, count: int) -> None:
    for _ in range(count):
        stepper.step(loss(model), config, config.learning_rate)


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_a_gradient_in_memory_makes_no_difference(kind: str) -> None:
    config, results = KINDS[kind](), []
    for reorder in (lambda each: each, lambda each: each.T.contiguous().T):
        model = net()
        for each in model.parameters():
            if each.ndim == 2:
                each.register_hook(reorder)  # type: ignore[no-untyped-call]
        advance(model, Stepper(model), config, 5)
        results.append([each.detach() for each in model.parameters()])
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_equal_those_of_torch_bit_for_bit(kind: str) -> None:
    config = KINDS[kind]()
    ours, theirs = net(), net()
    stepper = Stepper(ours)
    arguments = {"momentum": config.momentum} if config.optimizer == "sgd" else {}
    torch_class = TORCH_CLASSES[config.optimizer]
    torch_optimizer = torch_class(theirs.parameters(), fused=True, **arguments)
    for step in range(1, 30):
        rate = 0.01 / step
        stepper.step(loss(ours), config, rate)
        torch_optimizer.param_groups[0]["lr"] = rate
        torch_optimizer.zero_grad()
        loss(theirs).backward()  # type: ignore[no-untyped-call]
        torch_optimizer.step()
    assert all(map(torch.equal, ours.parameters(), theirs.parameters()))
    for name, parameter in theirs.named_parameters():
        for key, value in torch_optimizer.state[parameter].items():
            assert value is None or torch.equal(stepper.moments[name][key], value), (name, key)


def test_no_step_imports_the_compiler_of_torch() -> None:
    program = """
import sys, torch
from aecore.config import Config
from aecore.training.optimizer import Stepper
for kind in ("adam", "sgd"):
    model = torch.nn.Linear(2, 2)
    Stepper(model).step(model(torch.ones(1, 2)).sum(), Config(optimizer=kind), 0.1)
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_training_continues_identically_from_restored_moments(kind: str) -> None:
    config = KINDS[kind]()
    uninterrupted, resumed = net(), net()
    advance(uninterrupted, Stepper(uninterrupted), config, 6)
    saved = Stepper(resumed)
    advance(resumed, saved, config, 3)
    flat: dict[str, Tensor] = dict(optimizer.flat(saved.moments))
    assert all(name.rsplit("/", 1)[0] in dict(resumed.named_parameters()) for name in flat)
    advance(resumed, Stepper(resumed, optimizer.nested(flat)), config, 3)
    for expected, actual in zip(uninterrupted.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(expected, actual)


def test_training_continues_differently_without_its_moments() -> None:
    uninterrupted, resumed = net(), net()
    config = KINDS["adam"]()
    advance(uninterrupted, Stepper(uninterrupted), config, 6)
    for _ in range(2):
        advance(resumed, Stepper(resumed), config, 3)
    assert not torch.equal(next(uninterrupted.parameters()), next(resumed.parameters()))


def test_moments_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.weight"):
        Stepper(net(), {"0.weight": {"exp_avg": torch.zeros(1, 1)}})


def test_nested_moments_are_copies() -> None:
    flat = {"0.weight/exp_avg": torch.zeros(2)}
    optimizer.nested(flat)["0.weight"]["exp_avg"].add_(1)
    assert flat["0.weight/exp_avg"].sum() == 0


def test_momentum_can_change_between_steps() -> None:
    model = net()
    stepper, config = Stepper(model), KINDS["sgd without momentum"]()
    advance(model, stepper, config, 2)
    assert not any(stepper.moments.values())
    advance(model, stepper, config.model_copy(update={"momentum": 0.5}), 2)
    assert all("momentum_buffer" in each for each in stepper.moments.values())


def test_parameters_outside_the_loss_stay_as_they_are() -> None:
    model = net()
    first, before = model[0], [each.clone() for each in model.parameters()]
    stepper = Stepper(model)
    stepper.step(first(torch.ones(1, 4)).sum(), Config(), 0.1)
    changed = [not torch.equal(*pair) for pair in zip(model.parameters(), before, strict=True)]
    assert changed == [True, True, False, False]
    assert set(stepper.moments) == {"0.weight", "0.bias"}


def test_zero_learning_rate_changes_no_weights() -> None:
    model = net()
    before = [each.clone() for each in model.parameters()]
    Stepper(model).step(loss(model), Config(), 0.0)
    assert all(map(torch.equal, model.parameters(), before))
