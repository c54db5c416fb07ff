"""The process that measures one method; started by `aecore.experiments.scaling`."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Self

import numpy as np
import psutil
from numpy.typing import NDArray

from aecore.errors import DataError, LabError
from aecore.workers.messages import Arrays, Facts
from aecore.workers.serve import Answer, Handler, Report

BOTTLENECK = 8
# Images that incremental PCA, and the finding of codes, hold at once.
CHUNK = 1_000
WARM = 100
LOOK_SECONDS = 0.005
WHITE = 255

Pictures = NDArray[np.uint8]
Encode = Callable[[Pictures], NDArray[np.floating]]


class PeakMemory:
    """The most memory of its own that this process has while it is watched, in bytes.

    Pages of files are left out where the machine tells them apart: they are the system's, which
    takes them back whenever it wants.
    """

    def __init__(self) -> None:
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.most = max(self.most, memory())
            if self._over.wait(LOOK_SECONDS):
                return


def memory() -> float:
    """Return the bytes of memory that are this process's own."""
    info = psutil.Process().memory_info()
    return float(info.rss - getattr(info, "shared", 0))


def full(images: Pictures) -> Encode:
    """Fit all principal components of all images at once, and keep the first."""
    from sklearn.decomposition import PCA

    pca = PCA(BOTTLENECK, svd_solver="full").fit(_rows(images))
    return lambda part: np.asarray(pca.transform(_rows(part)))


def incremental(images: Pictures) -> Encode:
    """Fit the first principal components in parts."""
    from sklearn.decomposition import IncrementalPCA

    pca = IncrementalPCA(BOTTLENECK)
    for part in _parts(images):
        pca.partial_fit(_rows(part))
    return lambda part: np.asarray(pca.transform(_rows(part)))


def autoencoder(images: Pictures) -> Encode:
    """Train the preset Stacked for an epoch."""
    from aecore.data import Dataset
    from aecore.network.inference import encode
    from aecore.presets import preset
    from aecore.training.trainer import Trainer

    labels = np.full(len(images), -1)
    dataset = Dataset("strokes", images, labels, images[:WARM], labels[:WARM], ())
    values = {"train_size": len(images), "epochs": 1, "bottleneck": BOTTLENECK}
    trainer = Trainer(dataset, preset("stacked", "strokes", **values))
    trainer.train()
    return lambda part: encode(trainer.model, part)


FITS: dict[str, Callable[[Pictures], Encode]] = {
    "full": full,
    "incremental": incremental,
    "autoencoder": autoencoder,
}


def measure(method: str, count: int, path: str) -> dict[str, float]:
    """Return what a method takes for the first images of a file: seconds and memory.

    Parameters
    ----------
    method : str
        A key of `FITS`.
    count : int
    path : str
        Of an ``.npy`` file of shape (at least count, height, width), uint8.
    """
    images: Pictures = np.load(path, mmap_mode="r")[:count]
    fit = FITS[method]
    # Once with few: what is imported and set up the first time is no matter of how many there are.
    fit(images[:WARM])(images[:WARM])
    bare = memory()
    with PeakMemory() as watch:
        began = time.perf_counter()
        encode = fit(images)
        fitted = time.perf_counter()
        for part in _parts(images):
            encode(part)
        encoded = time.perf_counter()
    return {
        "seconds": round(fitted - began, 4),
        "encoding": round(encoded - fitted, 4),
        "megabytes": round(max(0.0, watch.most - bare) / 2**20, 2),
    }


def draw(count: int, side: int, path: str) -> None:
    """Write so many images of the data set strokes, in parts."""
    from aecore.data import strokes
    from aecore.images import resize

    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, side, side))
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        part = strokes.make(size, 1, seed=start)["images"]
        images[start : start + size] = resize(part, (side, side))
    images.flush()


def _measure(facts: Facts, arrays: Arrays, report: Report) -> Answer:  # noqa: ARG001
    try:
        return measure(**facts), {}
    except (MemoryError, OSError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise LabError("It could not be measured ({reason}).", reason=reason) from None


def _draw(facts: Facts, arrays: Arrays, report: Report) -> Answer:  # noqa: ARG001
    try:
        draw(**facts)
    except (MemoryError, OSError) as error:
        raise DataError("The images could not be generated: {error}.", error=error) from None
    return {}, {}


HANDLERS: dict[str, Handler] = {"measure": _measure, "draw": _draw}


def _rows(images: Pictures) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(WHITE)


def _parts(images: Pictures) -> Iterator[Pictures]:
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]
