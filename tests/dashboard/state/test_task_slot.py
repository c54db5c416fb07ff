"""One piece of work at a time."""

import threading
from dataclasses import dataclass, field

import pytest

from aecore.errors import LabError
from dashboard.state.task_slot import Bench

BUSY = LabError("Something is at work.")


@dataclass
class Waiting:
    """Work that goes on until it is given up."""

    running: bool = True
    stop: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        self.stop.set()

    def work(self) -> None:
        self.stop.wait(20)
        self.running = False


def test_one_at_a_time_and_the_next_when_it_is_done() -> None:
    bench: Bench[Waiting] = Bench()
    first, second = Waiting(), Waiting()
    bench.begin(first, first.work, BUSY)
    with pytest.raises(LabError, match="at work"):
        bench.begin(second, second.work, BUSY)
    assert bench.now is first
    bench.clear()
    assert not first.running
    bench.begin(second, second.work, BUSY)
    assert bench.now is second
    bench.clear()


def test_an_empty_bench_is_cleared_too() -> None:
    bench: Bench[Waiting] = Bench()
    bench.clear()
    assert bench.now is None
