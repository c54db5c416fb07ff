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

# A worker that has nothing to compile, and whose maps take as long as they are asked to.
QUICK = """
import os, time
import aecore.maps.worker as worker
from aecore.workers.serve import serve

def project(codes, method, *, progress, seed, **_):
    if seed == 13:
        os._exit(13)
    if seed == 14:
        raise ZeroDivisionError
    deaf = seed == 15
    for done in range(600 if seed else 1):
        time.sleep(0.05)
        deaf or progress(done / 600)
    return REAL(codes, "pca")

REAL, worker.project = worker.project, project
serve({"warm": lambda *_: ({}, {}), "project": worker._project})
"""
SLOW, CRASH, FAULT, DEAF = 1, 13, 14, 15
PATIENT = 60


@pytest.fixture
def mapper() -> Iterator[MapService]:
    with_nothing_to_compile = MapService((sys.executable, "-c", QUICK))
    assert with_nothing_to_compile.wait(PATIENT)
    yield with_nothing_to_compile
    with_nothing_to_compile.close()


def codes(count: int = 60, units: int = 4) -> Array:
    found: Array = np.random.default_rng(0).standard_normal((count, units)).astype(np.float32)
    return found


def until(condition: object) -> None:
    end = time.monotonic() + PATIENT
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


def process_of(mapper: MapService) -> int:
    (pid,) = mapper.pids
    return pid


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_real_worker_makes_maps() -> None:
    mapper = MapService()
    early = mapper.ask(codes(), "pca")
    assert not early.done()
    found = early.result(5 * PATIENT)
    assert mapper.ready
    assert np.array_equal(found.points, project(codes(), "pca").points)
    request = mapper.ask(codes(), "umap", previous=found)
    made = request.result(PATIENT)
    assert np.array_equal(made.codes, codes())
    assert np.isfinite(made.points).all()
    assert request.progress == 1
    with pytest.raises(LabError, match="at least 16 distinct codes"):
        mapper.ask(codes(5), "umap").result(PATIENT)
    mapper.close()


def test_progress_is_told(mapper: MapService) -> None:
    request = mapper.ask(codes(), "umap", seed=SLOW)
    until(lambda: 0 < request.progress < 1)
    with pytest.raises(TimeoutError):
        request.result(0.01)
    assert not request.done()


def test_a_newer_request_takes_the_place_of_one_not_begun(mapper: MapService) -> None:
    running = mapper.ask(codes(), "umap", seed=SLOW)
    until(running.running)
    older = mapper.ask(codes(), "umap")
    other = mapper.ask(codes(), "umap", name="other")
    newer = mapper.ask(codes(), "umap")
    with pytest.raises(Cancelled, match="newer"):
        older.result(1)
    assert not running.done()
    mapper.cancel(running)
    assert other.result(PATIENT).points.shape == newer.result(PATIENT).points.shape


def test_cancelled_work_stops_and_the_worker_stays_warm(mapper: MapService) -> None:
    pid = process_of(mapper)
    request = mapper.ask(codes(), "umap", seed=SLOW)
    until(lambda: request.progress > 0)
    mapper.cancel(request)
    with pytest.raises(Cancelled):
        request.result(1)
    assert mapper.ask(codes(), "umap").result(PATIENT)
    assert process_of(mapper) == pid


def test_work_that_does_not_listen_is_killed(mapper: MapService) -> None:
    pid = process_of(mapper)
    request = mapper.ask(codes(), "umap", seed=DEAF)
    until(request.running)
    mapper.cancel(request)
    assert request.done()
    assert mapper.ask(codes(), "umap").result(PATIENT)
    assert process_of(mapper) != pid
    assert not alive(pid)


def test_a_request_not_begun_can_be_cancelled(mapper: MapService) -> None:
    running = mapper.ask(codes(), "umap", seed=SLOW)
    until(running.running)
    waiting = mapper.ask(codes(), "umap")
    mapper.cancel(waiting)
    assert isinstance(waiting.exception(0), Cancelled)
    assert not running.done()


def test_a_worker_that_crashes_is_replaced_and_no_one_waits_for_ever(mapper: MapService) -> None:
    crashing = mapper.ask(codes(), "umap", seed=CRASH)
    waiting = mapper.ask(codes(), "umap", name="other")
    with pytest.raises(LabError, match="exit code 13"):
        crashing.result(PATIENT)
    assert waiting.result(PATIENT)


def test_a_fault_is_told_in_a_sentence(mapper: MapService) -> None:
    with pytest.raises(LabError, match="ZeroDivisionError"):
        mapper.ask(codes(), "umap", seed=FAULT).result(PATIENT)
    assert mapper.ask(codes(), "umap").result(PATIENT)


def test_a_worker_that_cannot_start_is_not_started_over_and_over() -> None:
    mapper = MapService((sys.executable, "-c", "raise SystemExit(7)"))
    with pytest.raises(LabError, match="exit code 7"):
        mapper.ask(codes(), "umap").result(PATIENT)
    assert mapper.pids == []
    mapper.close()


def test_after_closing_nothing_is_made(mapper: MapService) -> None:
    request = mapper.ask(codes(), "umap", seed=SLOW)
    mapper.close()
    mapper.close()
    assert isinstance(request.exception(0), Cancelled)
    assert not mapper.ready
    with pytest.raises(LabError, match="closed"):
        mapper.ask(codes(), "umap")


def run(folder: Path, ending: str) -> tuple[subprocess.CompletedProcess[str], int, str]:
    """Run a main script that uses a mapper; return it, its worker's number, and its traces."""
    script, traces = folder / "page.py", folder / "traces"
    script.write_text(
        textwrap.dedent(f"""
        import os, sys
        open({str(traces)!r}, "a").write("ran ")
        from aecore.maps.service import MapService
        mapper = MapService((sys.executable, "-c", {QUICK!r}))
        mapper.wait()
        import numpy
        mapper.ask(numpy.eye(20), "umap").result()
        mapper.ask(numpy.eye(20), "umap", seed={DEAF})
        print(mapper.pids[0], flush=True)
        """)
        + ending
    )
    ended = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENT, check=False
    )
    return ended, int(ended.stdout), traces.read_text()


@pytest.mark.parametrize(("ending", "code"), [("", 0), ("os.kill(os.getpid(), 9)", -9)])
def test_the_worker_ends_with_a_script_that_ran_once(
    tmp_path: Path, ending: str, code: int
) -> None:
    ended, pid, traces = run(tmp_path, ending)
    assert ended.returncode == code
    assert ended.stderr == ""
    assert traces == "ran "
    until(lambda: not alive(pid))
