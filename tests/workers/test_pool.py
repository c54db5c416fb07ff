import threading
from collections.abc import Iterator
from concurrent.futures import wait
from typing import Any

import numpy as np
import psutil
import pytest

from aecore.errors import Cancelled, DataError, LabError
from aecore.workers.messages import Arrays, Facts
from aecore.workers.pool import Request, WorkerPool
from aecore.workers.process import Task, command
from tests.support import until

EXAMPLE = command("tests.workers.example")
SETUP = Task("setup")
TIMEOUT = 60


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(EXAMPLE, setup=SETUP) as pool:
        yield pool


def submit(pool: WorkerPool, name: str, **values: Any) -> Request[dict[str, Any]]:
    def values_of(facts: Facts, arrays: Arrays) -> dict[str, Any]:
        return dict(facts)

    return pool.submit(Task(name, values, {"array": np.ones(1)}), values_of)


def test_process_is_started_by_the_first_request_and_reused(pool: WorkerPool) -> None:
    assert pool.pids == []
    requests = [submit(pool, "double", value=value) for value in range(5)]
    assert [request.result(TIMEOUT)["value"] for request in requests] == [0, 2, 4, 6, 8]
    assert requests[0].progress == 1
    about = submit(pool, "about").result(TIMEOUT)
    assert [about["pid"]] == pool.pids
    assert about["starts"] == 1


def test_several_processes_work_in_parallel() -> None:
    with WorkerPool(EXAMPLE, 2) as pool:
        slow = [submit(pool, "slow") for _ in range(2)]
        until(lambda: all(request.progress > 0 for request in slow), TIMEOUT)
        assert len(set(pool.pids)) == 2


def test_eager_pool_is_ready_before_the_first_request() -> None:
    with WorkerPool(EXAMPLE, setup=SETUP, eager=True) as pool:
        assert pool.wait(TIMEOUT)
        (before,) = pool.pids
        with pytest.raises(LabError, match="exit code 13"):
            submit(pool, "crash").result(TIMEOUT)
        assert pool.wait(TIMEOUT)
        assert pool.pids != [before]
    assert not pool.ready


def test_errors_keep_their_type_and_unexpected_ones_are_wrapped(pool: WorkerPool) -> None:
    with pytest.raises(DataError, match="1,200"):
        submit(pool, "reject").result(TIMEOUT)
    with pytest.raises(LabError, match="ZeroDivisionError"):
        submit(pool, "fail").result(TIMEOUT)
    with pytest.raises(KeyError):
        pool.submit(Task("about"), lambda facts, _: facts["nothing"]).result(TIMEOUT)
    assert submit(pool, "about").result(TIMEOUT)["starts"] == 1


def test_cancelled_task_stops_and_its_process_is_kept(pool: WorkerPool) -> None:
    request = submit(pool, "slow")
    until(lambda: request.progress > 0, TIMEOUT)
    pids = pool.pids
    assert request.cancel()
    assert not request.cancel()
    with pytest.raises(Cancelled):
        request.result(0)
    assert submit(pool, "about").result(TIMEOUT)["starts"] == 1
    assert pool.pids == pids


def test_unresponsive_task_is_killed_and_not_retried() -> None:
    with WorkerPool(EXAMPLE, tries=3) as pool:
        request = submit(pool, "slow", unresponsive=True)
        until(request.running, TIMEOUT)
        until(lambda: pool.ready, TIMEOUT)
        (pid,) = pool.pids
        request.cancel()
        assert submit(pool, "about").result(TIMEOUT)["pid"] != pid
        assert not psutil.pid_exists(pid)


def test_only_waiting_requests_can_be_withdrawn(pool: WorkerPool) -> None:
    running = submit(pool, "slow")
    until(running.running, TIMEOUT)
    waiting = submit(pool, "about")
    assert not running.withdraw(Cancelled("No."))
    assert waiting.withdraw(Cancelled("Another was requested."))
    with pytest.raises(Cancelled, match="Another"):
        waiting.result(0)
    assert not running.done()


def test_crash_is_retried_as_often_as_configured() -> None:
    with WorkerPool(EXAMPLE, tries=2, setup=SETUP) as pool:
        request, other = submit(pool, "crash"), submit(pool, "about")
        with pytest.raises(LabError, match="exit code 13"):
            request.result(TIMEOUT)
        assert other.result(TIMEOUT)["starts"] == 1


def test_worker_that_cannot_start_only_fails_its_requests() -> None:
    with WorkerPool(("false",), eager=True, setup=SETUP) as pool:
        with pytest.raises(LabError, match="exit code 1"):
            submit(pool, "about").result(TIMEOUT)
        assert not pool.ready
        assert pool.pids == []


def test_error_in_setup_is_raised_by_the_request() -> None:
    with WorkerPool(EXAMPLE, setup=Task("setup", {"missing": "mnist"})) as pool:
        with pytest.raises(DataError, match="mnist is not here"):
            submit(pool, "about").result(TIMEOUT)
        until(lambda: pool.pids == [])


def test_closing_cancels_all_requests_and_ends_the_processes() -> None:
    pool = WorkerPool(EXAMPLE)
    requests = [submit(pool, "slow", unresponsive=True), submit(pool, "slow")]
    until(lambda: pool.ready, TIMEOUT)
    pids = pool.pids
    closers = [threading.Thread(target=pool.close) for _ in range(2)]
    for closer in closers:
        closer.start()
    assert wait(requests, TIMEOUT).not_done == set()
    for closer in closers:
        closer.join()
    assert all(isinstance(request.exception(), Cancelled) for request in requests)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(LabError, match="closed"):
        submit(pool, "about")
