"""The process that measures one method, started by `aecore.experiments.scaling`."""

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
# Number of images that incremental PCA and encoding hold at once.
CHUNK = 1_000
WARM_UP_IMAGES = 100
SAMPLING_SECONDS = 0.005
WHITE = 255

Images = NDArray[np.uint8]
Encode = Callable[[Images], NDArray[np.floating]]


class PeakMemory:
    """Measure the peak private memory of this process in bytes, as a context manager.

    Where the system distinguishes them, pages of files are excluded, since it can reclaim them at
    any time.
    """

    def __init__(self) -> None:
        self.most = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.most = max(self.most, memory())
            if self._over.wait(SAMPLING_SECONDS):
                return


def memory() -> float:
    """Return the private memory of this process in bytes."""
    info = psutil.Process().memory_info()
    return float(info.rss - getattr(info, "shared", 0))


def full(images: Images) -> Encode:
    """Fit all principal components to all images at once, and keep the first 8."""
    from sklearn.decomposition import PCA

    pca = PCA(BOTTLENECK, svd_solver="full").fit(_rows(images))
    return lambda part: np.asarray(pca.transform(_rows(part)))


def incremental(images: Images) -> Encode:
    """Fit the first principal components in chunks."""
    from sklearn.decomposition import IncrementalPCA

    pca = IncrementalPCA(BOTTLENECK)
    for part in _parts(images):
        pca.partial_fit(_rows(part))
    return lambda part: np.asarray(pca.transform(_rows(part)))


def autoencoder(images: Images) -> Encode:
    """Train the preset Stacked for one epoch."""
    from aecore.data import Dataset
    from aecore.network.inference import encode
    from aecore.presets import preset
    from aecore.training.trainer import Trainer

    labels = np.full(len(images), -1)
    few = slice(WARM_UP_IMAGES)
    dataset = Dataset("strokes", images, labels, images[few], labels[few], ())
    # The same batches and layers for any number of images, whose cost is compared.
    same = {"epochs": 1, "bottleneck": BOTTLENECK, "batch_size": 128, "hidden": "512-256-128"}
    everything = {"train_size": len(images), "validation_images": 0}
    trainer = Trainer(dataset, preset("stacked", "strokes", **everything, **same))
    trainer.train()
    return lambda part: encode(trainer.model, part)


FITS: dict[str, Callable[[Images], Encode]] = {
    "full": full,
    "incremental": incremental,
    "autoencoder": autoencoder,
}


def measure(method: str, count: int, path: str) -> dict[str, float]:
    """Measure the time and memory of a method on the first images of a file.

    Parameters
    ----------
    method : str
        A key of `FITS`.
    count : int
        Number of images.
    path : str
        An ``.npy`` file of shape (at least count, height, width), uint8.
    """
    images: Images = np.load(path, mmap_mode="r")[:count]
    fit = FITS[method]
    # Imports and one-time initialisation do not depend on the number of images.
    fit(images[:WARM_UP_IMAGES])(images[:WARM_UP_IMAGES])
    initial = memory()
    with PeakMemory() as peak:
        start = time.perf_counter()
        encode = fit(images)
        fitted = time.perf_counter()
        for part in _parts(images):
            encode(part)
        encoded = time.perf_counter()
    return {
        "seconds": round(fitted - start, 4),
        "encoding": round(encoded - fitted, 4),
        "megabytes": round(max(0.0, peak.most - initial) / 2**20, 2),
    }


def draw(count: int, side: int, path: str) -> None:
    """Generate images of the dataset strokes and write them to a file, in chunks."""
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


def _rows(images: Images) -> NDArray[np.float32]:
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(WHITE)


def _parts(images: Images) -> Iterator[Images]:
    for start in range(0, len(images), CHUNK):
        yield images[start : start + CHUNK]
