"""Who trains the runs of a sweep: processes of this machine, or a cluster through Dask.

Processes of their own and not `multiprocessing`, whose children run the main script once more.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, cast

import numpy as np

from aecore.data import Dataset
from aecore.errors import Cancelled, LabError
from aecore.experiments.worker import sent, train_run
from aecore.workers import messages

COMMAND = (sys.executable, "-c", "from aecore.experiments.worker import main; main()")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
TRIES = 3

Submit = Callable[[Mapping[str, Any], float, bytes | None], "Future[bytes]"]
"""Ask for a run: its knobs, the share of it to do, and what is done already."""


@contextmanager
def workers(
    dataset: Dataset | str, scheduler: str | None = None, count: int | None = None
) -> Iterator[Submit]:
    """Give a function that has runs trained, until the block ends; what then runs is given up.

    Parameters
    ----------
    dataset : Dataset or str
        Sent to each worker once; as a name, loaded where the worker is.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://127.0.0.1:8786``; this machine by default.
    count : int, optional
        How many processes of this machine; one for each core by default.
    """
    with _cluster(dataset, scheduler) if scheduler else _local(dataset, count) as submit:
        yield submit


class _Worker:
    """A process that trains one run after another, and is replaced if it dies."""

    def __init__(self, dataset: Dataset | str) -> None:
        self._dataset = dataset
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def train(self, knobs: Mapping[str, Any], share: float, begun: bytes | None) -> bytes:
        facts = {"knobs": dict(knobs), "share": share}
        arrays = {} if begun is None else {"begun": np.frombuffer(begun, np.uint8)}
        for _ in range(TRIES):
            try:
                process = self._started()
                assert process.stdin is not None
                assert process.stdout is not None
                messages.write(process.stdin, facts, arrays)
                answer, found = messages.read(process.stdout)
            except (EOFError, OSError):
                self._stop()
                continue
            if "run" in found:
                return found["run"].tobytes()
            raise LabError(answer["text"], **answer["values"])
        raise LabError("Its worker died {count} times; is there enough memory?", count=TRIES)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._stop()

    def _started(self) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed:
                raise Cancelled("The sweep was stopped.")
            if self._process is None:
                pipe = subprocess.PIPE
                environment = {**os.environ, **ONE_THREAD}
                self._process = subprocess.Popen(  # noqa: S603
                    COMMAND, stdin=pipe, stdout=pipe, env=environment
                )
                assert self._process.stdin is not None
                messages.write(self._process.stdin, *sent(self._dataset))
            return self._process

    def _stop(self) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()


@contextmanager
def _local(dataset: Dataset | str, count: int | None) -> Iterator[Submit]:
    every = [_Worker(dataset) for _ in range(count or os.cpu_count() or 1)]
    idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
    for worker in every:
        idle.put(worker)

    def train(knobs: Mapping[str, Any], share: float, begun: bytes | None) -> bytes:
        worker = idle.get()
        try:
            return worker.train(knobs, share, begun)
        finally:
            idle.put(worker)

    pool = ThreadPoolExecutor(len(every), thread_name_prefix="sweep")
    try:
        yield lambda *asked: pool.submit(train, *asked)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in every:
            worker.close()
        pool.shutdown()


@contextmanager
def _cluster(dataset: Dataset | str, scheduler: str) -> Iterator[Submit]:
    try:
        from distributed import Client
    except ImportError:
        raise LabError("A sweep on a cluster needs Dask; install the extra cluster.") from None
    try:
        # Dask is partly typed.
        client: Any = cast("Any", Client)(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise LabError(
            "There is no Dask scheduler at {address} ({error}); start one with: dask scheduler",
            address=scheduler,
            error=error,
        ) from None
    with client:
        data = dataset if isinstance(dataset, str) else client.scatter(dataset, hash=False)
        pool = client.get_executor(pure=False, retries=TRIES)

        def submit(knobs: Mapping[str, Any], share: float, begun: bytes | None) -> "Future[bytes]":
            return cast("Future[bytes]", pool.submit(train_run, dict(knobs), data, share, begun))

        try:
            yield submit
        finally:
            pool.shutdown(wait=False)
