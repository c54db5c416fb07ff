"""What full PCA, incremental PCA and the autoencoder take in time and memory as the data grow.

Each measurement has a process of its own, so that its memory is its own, and reads the images from
a file as it needs them.
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
from aecore.files import write_json
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
# Images, the same centred, and the left singular vectors, all as float32.
LEAST_BYTES = 12


@dataclass(frozen=True)
class Measurement:
    """What a method took.

    Attributes
    ----------
    method : str
        A key of `METHODS`.
    count : int
        Images.
    features : int
        Pixels of each.
    seconds : float
        To learn from all images once; NaN where it could not.
    encoding : float
        Seconds to find the codes of all of them.
    megabytes : float
        The most memory it had, above what its process had before.
    reason : str
        Why it could not, in English; empty where it could.
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
        """The memory it had, for each pixel of each image."""
        return self.megabytes * 2**20 / (self.count * self.features)


def measure(
    counts: Sequence[int] = COUNTS,
    sides: Sequence[int] = SIDES,
    methods: Sequence[str] = tuple(METHODS),
    *,
    cancel: threading.Event | None = None,
) -> Iterator[Measurement]:
    """Measure each method on so many generated images of each size, the fewest first.

    Parameters
    ----------
    counts : sequence of int
        Numbers of images of the data set *strokes*, drawn anew.
    sides : sequence of int
        Their height and width in pixels; drawn with 28 and enlarged or made smaller.
    methods : sequence of str
        Keys of `METHODS`: scikit-learn's ``PCA`` by a full singular value decomposition of all
        images at once, its ``IncrementalPCA``, and the preset *Stacked* for an epoch, all with
        codes of 8 numbers and one thread.
    cancel : threading.Event, optional
        Set, it ends the measurement.

    Yields
    ------
    Measurement

    Raises
    ------
    LabError
        Where the images cannot be drawn, for want of room on the disk for example.
    """
    stop = cancel or threading.Event()
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder:
        for side in sides:
            path = Path(folder) / f"{side}.npy"
            drawing = {"count": max(counts), "side": side, "path": str(path)}
            if _run_alone(Task("draw", drawing), stop) is None:
                return
            for count in sorted(counts):
                for method in methods:
                    if stop.is_set():
                        return
                    found = _measurement(method, count, side, path, stop)
                    if found is not None:
                        yield found
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
        answer = _run_alone(task, stop)
    except LabError as error:
        return Measurement(method, count, features, reason=str(error))
    return None if answer is None else Measurement(method, count, features, **answer)


def _run_alone(task: Task, stop: threading.Event) -> Facts | None:
    """Return what a process of its own makes of a task, or None where it was stopped.

    Raises
    ------
    LabError
        Where it could not do it.
    """
    with WorkerPool(COMMAND) as pool:
        request = pool.submit(task, lambda facts, _: facts)
        while not stop.is_set():
            with suppress(TimeoutError):
                return request.result(CANCEL_SECONDS)
    return None


def available() -> int:
    """Return the bytes of memory that are free on this machine."""
    return int(psutil.virtual_memory().available)


def save(rows: Iterable[Measurement], root: Path) -> None:
    """Write measurements down; one of the same method and size takes the place of the old.

    Parameters
    ----------
    rows : iterable of Measurement
    root : Path
        The folder of the runs.
    """
    found = {_place(row): row for row in (*load(root), *rows)}
    root.mkdir(parents=True, exist_ok=True)
    # JSON has no NaN.
    plain = [{n: v for n, v in asdict(row).items() if v == v} for row in found.values()]
    write_json(root / FILE, {"rows": plain})


def load(root: Path) -> list[Measurement]:
    """Return the measurements that were written down, the fewest images first."""
    try:
        rows = [Measurement(**row) for row in json.loads((root / FILE).read_text("utf-8"))["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return sorted((row for row in rows if row.method in METHODS), key=_place)


def _place(row: Measurement) -> tuple[int, str, int]:
    return row.features, row.method, row.count
