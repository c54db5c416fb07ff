import numpy as np
import psutil
import pytest

from aecore.errors import DataError, LabError
from aecore.workers.process import ProcessEndedError, Task, WorkerProcess, command

EXAMPLE = command("tests.workers.example")


def test_tasks_run_one_at_a_time_on_one_thread() -> None:
    process = WorkerProcess(EXAMPLE, {"SETTING": "this"})
    values, arrays = process.run(Task("double", {"value": 2}, {"array": np.ones(2)}), 1)
    assert values == {"value": 4}
    assert arrays["array"].tolist() == [2, 2]
    with pytest.raises(DataError, match=r"1,200 are too many\."):
        process.run(Task("reject"), 2)
    about, _ = process.run(Task("about"), 3)
    assert (about["pid"], about["threads"], about["setting"]) == (process.pid, "1", "this")
    assert process.is_alive()
    process.kill()
    assert not process.is_alive()
    assert process.end() == -9
    assert not psutil.pid_exists(process.pid)


def test_progress_and_exit_codes_are_reported() -> None:
    process = WorkerProcess(EXAMPLE)
    shares = list[float]()

    def report(share: float) -> None:
        shares.append(share)
        if len(shares) == 3:
            process.kill()

    with pytest.raises(ProcessEndedError) as error:
        process.run(Task("slow"), 1, report)
    assert error.value.code == -9
    assert sorted(shares) == shares
    crashing = WorkerProcess(EXAMPLE)
    with pytest.raises(ProcessEndedError) as error:
        crashing.run(Task("crash"), 1)
    assert error.value.code == 13
    assert not crashing.is_alive()


def test_missing_program_raises_an_error() -> None:
    with pytest.raises(LabError, match="could not be started"):
        WorkerProcess(("no such program",))
