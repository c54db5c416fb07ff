"""The workers that train the runs of a sweep: processes of this machine, or a Dask cluster."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, cast

from aecore.data import Dataset
from aecore.errors import ConfigError
from aecore.experiments.worker import dataset_task, run_bytes, run_task, train_run
from aecore.workers.pool import WorkerPool
from aecore.workers.process import command

COMMAND = command("aecore.experiments.worker")
TRIES = 3

Submit = Callable[[Mapping[str, Any], float, bytes | None], "Future[bytes]"]
"""Submit a run: its knobs, the share of its steps to take, and a partial run to resume."""


@contextmanager
def workers(
    dataset: Dataset | str, scheduler: str | None = None, count: int | None = None
) -> Iterator[Submit]:
    """Yield a function that submits runs; those unfinished at the end of the block are abandoned.

    Parameters
    ----------
    dataset : Dataset or str
        A dataset is sent to each worker once; a name is loaded by the worker.
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://127.0.0.1:8786``; this machine by default.
    count : int, optional
        Number of processes on this machine; by default one per core.
    """
    with _cluster(dataset, scheduler) if scheduler else _local(dataset, count) as submit:
        yield submit


@contextmanager
def _local(dataset: Dataset | str, count: int | None) -> Iterator[Submit]:
    # The temporary folder also removes what killed workers leave behind.
    with (
        TemporaryDirectory(prefix="aecore-", ignore_cleanup_errors=True) as folder,
        WorkerPool(
            COMMAND,
            count or os.cpu_count() or 1,
            setup=dataset_task(dataset),
            tries=TRIES,
            environment=dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder),
        ) as pool,
    ):
        yield lambda *arguments: pool.submit(run_task(*arguments), run_bytes)


@contextmanager
def _cluster(dataset: Dataset | str, scheduler: str) -> Iterator[Submit]:
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError:
        raise ConfigError("A sweep on a cluster needs Dask; install the extra cluster.") from None
    try:
        # Dask is only partly typed.
        security: Any = cast("Any", Security)()
        certificate = security.get_connection_args("client")["ssl_context"]
    except OSError as error:
        raise ConfigError(
            "The certificates named in Dask's configuration cannot be read: {error}.", error=error
        ) from None
    if scheduler.startswith("tls:") and certificate is None:
        raise ConfigError(
            "{address} needs certificates; name them under distributed.comm.tls in Dask's "
            "configuration.",
            address=scheduler,
        )
    try:
        client: Any = cast("Any", Client)(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            "No Dask scheduler at {address} ({error}); start one with: dask scheduler",
            address=scheduler,
            error=error,
        ) from None
    with client:
        data = dataset if isinstance(dataset, str) else client.scatter(dataset, hash=False)
        pool = client.get_executor(pure=False, retries=TRIES)

        def submit(
            knobs: Mapping[str, Any], share: float, previous: bytes | None
        ) -> "Future[bytes]":
            return cast("Future[bytes]", pool.submit(train_run, dict(knobs), data, share, previous))

        try:
            yield submit
        finally:
            pool.shutdown(wait=False)
