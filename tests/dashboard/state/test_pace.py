import threading
import time
from functools import partial

import pytest

from dashboard.state.pace import SHARE, Pace
from tests.support import until


def spend(seconds: float) -> None:
    """Take processor time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.fixture
def pace() -> Pace:
    """Return the pace after redraws of 20 milliseconds."""
    pace = Pace()
    pace._seconds = 0.02
    return pace


def test_few_tabs_are_redrawn_as_often_as_they_ask_for(pace: Pace) -> None:
    assert Pace().interval(0.5, 100) == 0.5
    assert pace.interval(0.5, 1) == 0.5
    assert pace.interval(0.25, 2) == 0.25


@pytest.mark.parametrize("tabs", [10, 20, 40, 1000])
def test_all_redraws_together_take_their_share_of_a_core(pace: Pace, tabs: int) -> None:
    used = tabs * 0.02 / pace.interval(0.5, tabs)
    assert SHARE / 1.5 < used <= SHARE * 1.001


def test_interval_is_kept_until_it_is_too_short_or_much_too_long(pace: Pace) -> None:
    present = pace.interval(0.5, 20)
    for tabs in (20, 19, 15, 11):
        assert pace.interval(0.5, tabs, present) == present
    assert pace.interval(0.5, 30, present) > present
    assert pace.interval(0.5, 2, present) == 0.5
    # A paused run is redrawn less often than one that trains.
    assert pace.interval(1.0, 1, 0.5) == 1.0


def test_cost_follows_the_processor_time_of_redraws() -> None:
    pace = Pace()
    for _ in range(60):
        with pace.turn():
            spend(0.002)
            time.sleep(0.001)
    assert pace._seconds == pytest.approx(0.002, rel=0.2)


def test_redraws_take_turns_except_the_first_of_a_page() -> None:
    pace, drawn = Pace(), []
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with pace.turn():
            held.set()
            release.wait()

    draw = pace.in_turn(lambda: drawn.append(1))
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    draw()
    assert drawn == [1]
    second = threading.Thread(target=draw)
    second.start()
    time.sleep(0.05)
    assert drawn == [1]
    release.set()
    second.join()
    holder.join()
    assert drawn == [1, 1]


def test_redraws_take_turns_in_the_order_of_their_requests() -> None:
    pace, order = Pace(), list[int]()

    def waiting(count: int) -> bool:
        return pace.waiting == count

    def draw(number: int) -> None:
        with pace.turn():
            order.append(number)

    threads = [threading.Thread(target=draw, args=(number,)) for number in range(20)]
    with pace.turn():
        for number, thread in enumerate(threads, start=1):
            thread.start()
            until(partial(waiting, number))
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_turn_ends_with_an_error() -> None:
    pace = Pace()
    with pytest.raises(ValueError, match="x"), pace.turn():
        raise ValueError("x")
    with pace.turn():
        pass
