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
PATIENT = 60


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(EXAMPLE, setup=SETUP) as pool:
        yield pool


def ask(pool: WorkerPool, name: str, **values: Any) -> Request[dict[str, Any]]:
    def values_of(facts: Facts, arrays: Arrays) -> dict[str, Any]:
        return dict(facts)

    return pool.submit(Task(name, values, {"array": np.ones(1)}), values_of)


def test_a_process_is_started_with_the_first_request_and_kept(pool: WorkerPool) -> None:
    assert pool.pids == []
    requests = [ask(pool, "double", value=value) for value in range(5)]
    assert [request.result(PATIENT)["value"] for request in requests] == [0, 2, 4, 6, 8]
    assert requests[0].progress == 1
    about = ask(pool, "about").result(PATIENT)
    assert [about["pid"]] == pool.pids
    assert about["starts"] == 1


def test_several_processes_work_at_once() -> None:
    with WorkerPool(EXAMPLE, 2) as pool:
        slow = [ask(pool, "slow") for _ in range(2)]
        until(lambda: all(request.progress > 0 for request in slow), PATIENT)
        assert len(set(pool.pids)) == 2


def test_an_eager_pool_is_ready_before_it_is_asked() -> None:
    with WorkerPool(EXAMPLE, setup=SETUP, eager=True) as pool:
        assert pool.wait(PATIENT)
        (before,) = pool.pids
        with pytest.raises(LabError, match="exit code 13"):
            ask(pool, "crash").result(PATIENT)
        assert pool.wait(PATIENT)
        assert pool.pids != [before]
    assert not pool.ready


def test_errors_keep_their_kind_and_other_faults_are_sentences(pool: WorkerPool) -> None:
    with pytest.raises(DataError, match="1,200"):
        ask(pool, "refuse").result(PATIENT)
    with pytest.raises(LabError, match="ZeroDivisionError"):
        ask(pool, "fail").result(PATIENT)
    with pytest.raises(KeyError):
        pool.submit(Task("about"), lambda facts, _: facts["nothing"]).result(PATIENT)
    assert ask(pool, "about").result(PATIENT)["starts"] == 1


def test_cancelled_work_stops_and_its_process_is_kept(pool: WorkerPool) -> None:
    request = ask(pool, "slow")
    until(lambda: request.progress > 0, PATIENT)
    pids = pool.pids
    assert request.cancel()
    assert not request.cancel()
    with pytest.raises(Cancelled):
        request.result(0)
    assert ask(pool, "about").result(PATIENT)["starts"] == 1
    assert pool.pids == pids


def test_work_that_does_not_listen_is_killed_and_not_tried_again() -> None:
    with WorkerPool(EXAMPLE, tries=3) as pool:
        request = ask(pool, "slow", deaf=True)
        until(request.running, PATIENT)
        until(lambda: pool.ready, PATIENT)
        (pid,) = pool.pids
        request.cancel()
        assert ask(pool, "about").result(PATIENT)["pid"] != pid
        assert not psutil.pid_exists(pid)


def test_only_what_has_not_begun_can_be_withdrawn(pool: WorkerPool) -> None:
    running = ask(pool, "slow")
    until(running.running, PATIENT)
    waiting = ask(pool, "about")
    assert not running.withdraw(Cancelled("No."))
    assert waiting.withdraw(Cancelled("Another was asked for."))
    with pytest.raises(Cancelled, match="Another"):
        waiting.result(0)
    assert not running.done()


def test_a_crash_is_tried_again_as_often_as_was_said() -> None:
    with WorkerPool(EXAMPLE, tries=2, setup=SETUP) as pool:
        request, other = ask(pool, "crash"), ask(pool, "about")
        with pytest.raises(LabError, match="exit code 13"):
            request.result(PATIENT)
        assert other.result(PATIENT)["starts"] == 1


def test_a_worker_that_cannot_start_fails_its_requests_only() -> None:
    with WorkerPool(("false",), eager=True, setup=SETUP) as pool:
        with pytest.raises(LabError, match="exit code 1"):
            ask(pool, "about").result(PATIENT)
        assert not pool.ready
        assert pool.pids == []


def test_a_setup_that_is_refused_is_the_answer() -> None:
    with WorkerPool(EXAMPLE, setup=Task("setup", {"refuse": "mnist"})) as pool:
        with pytest.raises(DataError, match="mnist is not here"):
            ask(pool, "about").result(PATIENT)
        until(lambda: pool.pids == [])


def test_closing_cancels_everything_and_ends_the_processes() -> None:
    pool = WorkerPool(EXAMPLE)
    requests = [ask(pool, "slow", deaf=True), ask(pool, "slow")]
    until(lambda: pool.ready, PATIENT)
    pids = pool.pids
    closers = [threading.Thread(target=pool.close) for _ in range(2)]
    for closer in closers:
        closer.start()
    assert wait(requests, PATIENT).not_done == set()
    for closer in closers:
        closer.join()
    assert all(isinstance(request.exception(), Cancelled) for request in requests)
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(LabError, match="closed"):
        ask(pool, "about")
