import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from aecore.errors import Cancelled, LabError
from aecore.maps.projection import project
from aecore.maps.service import MapService

Array = np.ndarray

# A worker that compiles nothing and whose behaviour is selected by the seed.
FAST_WORKER = """
import os, time
import aecore.maps.worker as worker
from aecore.workers.serve import serve

def project(codes, method, *, progress, seed, **_):
    if seed == 13:
        os._exit(13)
    if seed == 14:
        raise ZeroDivisionError
    unresponsive = seed == 15
    for done in range(600 if seed else 1):
        time.sleep(0.05)
        unresponsive or progress(done / 600)
    return REAL(codes, "pca")

REAL, worker.project = worker.project, project
serve({"warm": lambda *_: ({}, {}), "project": worker._project})
"""
SLOW, CRASH, ERROR, UNRESPONSIVE = 1, 13, 14, 15
TIMEOUT = 60


@pytest.fixture
def service() -> Iterator[MapService]:
    map_service = MapService((sys.executable, "-c", FAST_WORKER))
    assert map_service.wait(TIMEOUT)
    yield map_service
    map_service.close()


def codes(count: int = 60, units: int = 4) -> Array:
    result: Array = np.random.default_rng(0).standard_normal((count, units)).astype(np.float32)
    return result


def until(condition: object) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def worker_pid(service: MapService) -> int:
    (pid,) = service.pids
    return pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_real_worker_computes_maps() -> None:
    service = MapService()
    first = service.ask(codes(), "pca")
    assert not first.done()
    pca = first.result(5 * TIMEOUT)
    assert service.ready
    assert np.array_equal(pca.points, project(codes(), "pca").points)
    request = service.ask(codes(), "umap", previous=pca)
    umap = request.result(TIMEOUT)
    assert np.array_equal(umap.codes, codes())
    assert np.isfinite(umap.points).all()
    assert request.progress == 1
    with pytest.raises(LabError, match="at least 16 distinct codes"):
        service.ask(codes(5), "umap").result(TIMEOUT)
    service.close()


def test_progress_is_reported(service: MapService) -> None:
    request = service.ask(codes(), "umap", seed=SLOW)
    until(lambda: 0 < request.progress < 1)
    with pytest.raises(TimeoutError):
        request.result(0.01)
    assert not request.done()


def test_newer_request_replaces_a_waiting_one(service: MapService) -> None:
    running = service.ask(codes(), "umap", seed=SLOW)
    until(running.running)
    older = service.ask(codes(), "umap")
    other = service.ask(codes(), "umap", name="other")
    newer = service.ask(codes(), "umap")
    with pytest.raises(Cancelled, match="newer"):
        older.result(1)
    assert not running.done()
    service.cancel(running)
    assert other.result(TIMEOUT).points.shape == newer.result(TIMEOUT).points.shape


def test_cancelled_map_stops_and_the_worker_is_kept(service: MapService) -> None:
    pid = worker_pid(service)
    request = service.ask(codes(), "umap", seed=SLOW)
    until(lambda: request.progress > 0)
    service.cancel(request)
    with pytest.raises(Cancelled):
        request.result(1)
    assert service.ask(codes(), "umap").result(TIMEOUT)
    assert worker_pid(service) == pid


def test_unresponsive_worker_is_killed(service: MapService) -> None:
    pid = worker_pid(service)
    request = service.ask(codes(), "umap", seed=UNRESPONSIVE)
    until(request.running)
    service.cancel(request)
    assert request.done()
    assert service.ask(codes(), "umap").result(TIMEOUT)
    assert worker_pid(service) != pid
    assert not is_alive(pid)


def test_waiting_request_can_be_cancelled(service: MapService) -> None:
    running = service.ask(codes(), "umap", seed=SLOW)
    until(running.running)
    waiting = service.ask(codes(), "umap")
    service.cancel(waiting)
    assert isinstance(waiting.exception(0), Cancelled)
    assert not running.done()


def test_crashed_worker_is_replaced_and_other_requests_are_served(service: MapService) -> None:
    crashing = service.ask(codes(), "umap", seed=CRASH)
    waiting = service.ask(codes(), "umap", name="other")
    with pytest.raises(LabError, match="exit code 13"):
        crashing.result(TIMEOUT)
    assert waiting.result(TIMEOUT)


def test_unexpected_error_is_raised_as_lab_error(service: MapService) -> None:
    with pytest.raises(LabError, match="ZeroDivisionError"):
        service.ask(codes(), "umap", seed=ERROR).result(TIMEOUT)
    assert service.ask(codes(), "umap").result(TIMEOUT)


def test_worker_that_cannot_start_is_not_restarted_endlessly() -> None:
    service = MapService((sys.executable, "-c", "raise SystemExit(7)"))
    with pytest.raises(LabError, match="exit code 7"):
        service.ask(codes(), "umap").result(TIMEOUT)
    assert service.pids == []
    service.close()


def test_closing_cancels_and_rejects_requests(service: MapService) -> None:
    request = service.ask(codes(), "umap", seed=SLOW)
    service.close()
    service.close()
    assert isinstance(request.exception(0), Cancelled)
    assert not service.ready
    with pytest.raises(LabError, match="closed"):
        service.ask(codes(), "umap")


def run_script(folder: Path, ending: str) -> tuple[subprocess.CompletedProcess[str], int, str]:
    """Run a script that uses a map service; return it, its worker's process id, and its log."""
    script, log = folder / "page.py", folder / "log"
    script.write_text(
        textwrap.dedent(f"""
        import os, sys
        open({str(log)!r}, "a").write("ran ")
        from aecore.maps.service import MapService
        service = MapService((sys.executable, "-c", {FAST_WORKER!r}))
        service.wait()
        import numpy
        service.ask(numpy.eye(20), "umap").result()
        service.ask(numpy.eye(20), "umap", seed={UNRESPONSIVE})
        print(service.pids[0], flush=True)
        """)
        + ending
    )
    process = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    return process, int(process.stdout), log.read_text()


@pytest.mark.parametrize(("ending", "code"), [("", 0), ("os.kill(os.getpid(), 9)", -9)])
def test_worker_ends_with_its_script_which_runs_once(
    tmp_path: Path, ending: str, code: int
) -> None:
    process, pid, log = run_script(tmp_path, ending)
    assert process.returncode == code
    assert process.stderr == ""
    assert log == "ran "
    until(lambda: not is_alive(pid))
