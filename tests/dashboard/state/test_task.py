import threading
from collections.abc import Iterator

import pytest

from aecore.errors import LabError
from dashboard.state.task import Task, TaskSlot
from tests.support import until

BUSY = LabError("Something is running.")


def waiting(task: Task[int]) -> Iterator[int]:
    """Yield one row, then wait to be cancelled."""
    yield 1
    task.cancelled.wait(20)


def ended(slot: TaskSlot[int]) -> Task[int]:
    until(lambda: not slot.running)
    assert slot.task is not None
    return slot.task


def test_one_task_at_a_time_and_the_next_when_it_is_done() -> None:
    slot: TaskSlot[int] = TaskSlot()
    first, second = Task[int](2), Task[int](2)
    slot.start(first, waiting, BUSY)
    with pytest.raises(LabError, match="running"):
        slot.start(second, waiting, BUSY)
    assert slot.task is first
    slot.close()
    assert not first.running
    slot.start(second, waiting, BUSY)
    assert slot.task is second
    slot.close()
    assert second.rows == [1]


def test_rows_are_there_while_it_runs_and_stay_when_it_is_cancelled() -> None:
    slot: TaskSlot[int] = TaskSlot()
    task = Task[int](2, ("bottleneck",))
    slot.start(task, waiting, BUSY)
    until(lambda: task.rows == [1])
    assert slot.running
    task.cancel()
    assert ended(slot).rows == [1]
    assert task.error is None


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (LabError("The run {name} is gone.", name="a"), "The run a is gone."),
        (OSError(28, "No space left on device"), "Could not write to disk"),
        (ZeroDivisionError("by nothing"), "Calculation failed: ZeroDivisionError: by nothing."),
    ],
)
def test_what_goes_wrong_is_a_sentence(error: Exception, sentence: str) -> None:
    def fails(task: Task[int]) -> Iterator[int]:
        yield task.total
        raise error

    slot: TaskSlot[int] = TaskSlot()
    slot.start(Task(7), fails, BUSY)
    task = ended(slot)
    assert task.rows == [7]
    assert sentence in str(task.error)


def test_an_empty_slot_is_closed_too() -> None:
    slot: TaskSlot[int] = TaskSlot()
    slot.close()
    assert slot.task is None
    assert not slot.running


def test_tasks_run_beside_each_other_in_different_slots() -> None:
    slots: list[TaskSlot[int]] = [TaskSlot(), TaskSlot()]
    for slot in slots:
        slot.start(Task(1), waiting, BUSY)
    assert all(slot.running for slot in slots)
    assert threading.active_count() >= 2
    for slot in slots:
        slot.close()
