import threading
from collections.abc import Iterator

import pytest

from aecore.errors import LabError
from dashboard.state.task import Task, TaskSlot
from tests.support import until

BUSY = LabError("Something is running.")


def yield_and_wait(task: Task[int]) -> Iterator[int]:
    """Yield one row, then wait to be cancelled."""
    yield 1
    task.cancelled.wait(20)


def finished_task(slot: TaskSlot[int]) -> Task[int]:
    until(lambda: not slot.running)
    assert slot.task is not None
    return slot.task


def test_slot_runs_one_task_at_a_time() -> None:
    slot: TaskSlot[int] = TaskSlot()
    first, second = Task[int](2), Task[int](2)
    slot.start(first, yield_and_wait, BUSY)
    with pytest.raises(LabError, match="running"):
        slot.start(second, yield_and_wait, BUSY)
    assert slot.task is first
    slot.close()
    assert not first.running
    slot.start(second, yield_and_wait, BUSY)
    assert slot.task is second
    slot.close()
    assert second.rows == [1]


def test_rows_are_visible_while_running_and_kept_when_cancelled() -> None:
    slot: TaskSlot[int] = TaskSlot()
    task = Task[int](2, ("bottleneck",))
    slot.start(task, yield_and_wait, BUSY)
    until(lambda: task.rows == [1])
    assert slot.running
    task.cancel()
    assert finished_task(slot).rows == [1]
    assert task.error is None


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (LabError("The run {name} is gone.", name="a"), "The run a is gone."),
        (OSError(28, "No space left on device"), "Could not write to disk"),
        (ZeroDivisionError("by zero"), "Calculation failed: ZeroDivisionError: by zero."),
    ],
)
def test_error_is_kept_as_a_message(error: Exception, message: str) -> None:
    def failing(task: Task[int]) -> Iterator[int]:
        yield task.total
        raise error

    slot: TaskSlot[int] = TaskSlot()
    slot.start(Task(7), failing, BUSY)
    task = finished_task(slot)
    assert task.rows == [7]
    assert message in str(task.error)


def test_empty_slot_can_be_closed() -> None:
    slot: TaskSlot[int] = TaskSlot()
    slot.close()
    assert slot.task is None
    assert not slot.running


def test_tasks_in_different_slots_run_in_parallel() -> None:
    slots: list[TaskSlot[int]] = [TaskSlot(), TaskSlot()]
    for slot in slots:
        slot.start(Task(1), yield_and_wait, BUSY)
    assert all(slot.running for slot in slots)
    assert threading.active_count() >= 2
    for slot in slots:
        slot.close()
