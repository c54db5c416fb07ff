"""Measure time and memory of PCA, incremental PCA and the autoencoder as the dataset grows.

Each measurement runs in its own process, so that its memory can be separated, and reads the images
from a file.
"""

import json
import math
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from aecore.errors import LabError
from aecore.files import check_writable, write_json
from aecore.i18n import N_, Message
from aecore.workers.messages import Facts
from aecore.workers.pool import WorkerPool
from aecore.workers.process import Task, command

METHODS: Mapping[str, Message] = {
    "autoencoder": N_("Autoencoder"),
    "incremental": N_("Incremental PCA"),
    "full": N_("Full PCA"),
}
COUNTS, SIDES = (1_000, 5_000, 20_000), (28,)
FILE = ".scaling.json"

COMMAND = command("aecore.experiments.scaling_worker")
CANCEL_SECONDS = 0.2
# Full PCA holds the images, the centred images and the left singular vectors as float32.
LEAST_BYTES = 12


@dataclass(frozen=True)
class Measurement:
    """Time and memory of a method.

    Attributes
    ----------
    method : str
        A key of `METHODS`.
    count : int
        Number of images.
    features : int
        Pixels per image.
    seconds : float
        Time of fitting, with one pass over the images; NaN if it failed.
    encoding : float
        Time of encoding all images, in seconds.
    megabytes : float
        Increase of the peak memory of its process.
    reason : str
        Why it failed, in English; empty if it succeeded.
    """

    method: str
    count: int
    features: int
    seconds: float = math.nan
    encoding: float = math.nan
    megabytes: float = math.nan
    reason: str = ""

    @property
    def bytes_per_pixel(self) -> float:
        """Memory in bytes per pixel of all images."""
        return self.megabytes * 2**20 / (self.count * self.features)


def measure(
    counts: Sequence[int] = COUNTS,
    sides: Sequence[int] = SIDES,
    methods: Sequence[str] = tuple(METHODS),
    *,
    cancel: threading.Event | None = None,
) -> Iterator[Measurement]:
    """Measure each method on generated images of each number and size, the fewest first.

    Parameters
    ----------
    counts : sequence of int
        Numbers of images, newly generated as for the dataset *strokes*.
    sides : sequence of int
        Side lengths in pixels; images are drawn with 28 and resized.
    methods : sequence of str
        Keys of `METHODS`: scikit-learn's ``PCA`` by a full singular value decomposition of all
        images at once, its ``IncrementalPCA``, and the preset *Stacked* for one epoch, all with
        codes of 8 units and one thread.
    cancel : threading.Event, optional
        Setting it ends the measurement.

    Yields
    ------
    Measurement

    Raises
    ------
    DataError
        If the images cannot be generated, for example because the disk is full.
    """
    stop = cancel or threading.Event()
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder:
        for side in sides:
            path = Path(folder) / f"{side}.npy"
            facts = {"count": max(counts), "side": side, "path": str(path)}
            if _run_in_process(Task("draw", facts), stop) is None:
                return
            for count in sorted(counts):
                for method in methods:
                    if stop.is_set():
                        return
                    measurement = _measurement(method, count, side, path, stop)
                    if measurement is not None:
                        yield measurement
            path.unlink(missing_ok=True)


def _measurement(
    method: str, count: int, side: int, path: Path, stop: threading.Event
) -> Measurement | None:
    features = side * side
    free, needed = available(), LEAST_BYTES * count * features
    if method == "full" and needed > free:
        reason = f"it needs {needed / 2**30:.1f} GB of memory, and {free / 2**30:.1f} GB are free"
        return Measurement(method, count, features, reason=reason)
    task = Task("measure", {"method": method, "count": count, "path": str(path)})
    try:
        answer = _run_in_process(task, stop)
    except LabError as error:
        return Measurement(method, count, features, reason=str(error))
    return None if answer is None else Measurement(method, count, features, **answer)


def _run_in_process(task: Task, stop: threading.Event) -> Facts | None:
    """Run a task in a new process; return its answer, or None if it was stopped.

    Raises
    ------
    LabError
        If the task fails.
    """
    with WorkerPool(COMMAND) as pool:
        request = pool.submit(task, lambda facts, _: facts)
        while not stop.is_set():
            with suppress(TimeoutError):
                return request.result(CANCEL_SECONDS)
    return None


def available() -> int:
    """Return the available memory of this machine in bytes."""
    return int(psutil.virtual_memory().available)


def save(rows: Iterable[Measurement], root: Path) -> None:
    """Save measurements, replacing earlier ones of the same method and size.

    Parameters
    ----------
    rows : iterable of Measurement
    root : Path
        The folder of the runs.

    Raises
    ------
    RunError
        If the folder cannot be written to.
    """
    measurements = {_key(row): row for row in (*load(root), *rows)}
    check_writable(root)
    root.mkdir(parents=True, exist_ok=True)
    # JSON has no NaN.
    plain = [{n: v for n, v in asdict(row).items() if v == v} for row in measurements.values()]
    write_json(root / FILE, {"rows": plain})


def load(root: Path) -> list[Measurement]:
    """Load the saved measurements, the fewest images first."""
    try:
        rows = [Measurement(**row) for row in json.loads((root / FILE).read_text("utf-8"))["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return sorted((row for row in rows if row.method in METHODS), key=_key)


def _key(row: Measurement) -> tuple[int, str, int]:
    return row.features, row.method, row.count
