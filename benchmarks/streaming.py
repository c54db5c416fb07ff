"""Benchmark a dataset that does not fit in memory: a million generated images, read from disk.

Full PCA would need all of them at once. The principal components from which our training starts,
and scikit-learn's incremental PCA, each take one pass in constant memory.

::

    uv run python benchmarks/streaming.py --json
"""

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch
from cyclopts import App
from sklearn.decomposition import IncrementalPCA

from aecore.data import Dataset, strokes
from aecore.presets import preset
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

CHUNK = 10_000
MEGABYTE = 2**20

app = App("streaming")


class PeakMemory:
    """The peak memory of this process in MB, private and including pages of files."""

    def __init__(self) -> None:
        self.most = {"own": 0.0, "whole": 0.0}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._over.wait(0.05):
            for name, value in memory().items():
                self.most[name] = max(self.most[name], value)

    def close(self) -> None:
        """Stop measuring."""
        self._over.set()
        self._thread.join()


def memory() -> dict[str, float]:
    """Return the memory in MB, private (without shared pages, such as those of files) and total."""
    info = psutil.Process().memory_info()
    return {"own": (info.rss - info.shared) / MEGABYTE, "whole": info.rss / MEGABYTE}


@app.default
def streaming(
    *, count: int = 1_000_000, epochs: int = 1, threads: int = 2, as_json: AsJson = False
) -> None:
    """Generate the images, train on them and fit incremental PCA; measure time and memory."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        dataset = generated(Path(folder), count)
        initial = memory()
        peak, start = PeakMemory(), time.monotonic()
        everything = {"train_size": count, "validation_images": 0}
        values = {**everything, "epochs": epochs, "bottleneck": 8, "batch_size": 256}
        trainer = Trainer(dataset, preset("stacked", "strokes", **values))
        initialised = time.monotonic()
        trainer.train()
        trained = time.monotonic()
        peak.close()
        result: dict[str, Any] = {
            "images": count,
            "megabytes_on_disk": round(dataset.images.nbytes / 2**20),
            "components_seconds": initialised - start,
            "training_seconds": trained - initialised,
            "own_memory_above_bare_mb": peak.most["own"] - initial["own"],
            "with_file_pages_above_bare_mb": peak.most["whole"] - initial["whole"],
            "test_mse": trainer.history[-1]["held_out"],
            "pca_mse": trainer.history[-1]["pca"],
        }
        incremental, start = IncrementalPCA(8), time.monotonic()
        for first in range(0, count, CHUNK):
            chunk = dataset.images[first : first + CHUNK].reshape(-1, 784).astype(np.float32)
            incremental.partial_fit(chunk / 255)
        result["incremental_pca_seconds"] = time.monotonic() - start
    show(result, as_json)


def generated(folder: Path, count: int) -> Dataset:
    """Generate images on disk in chunks, and return them as a memory map."""
    path = folder / "images.npy"
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, 28, 28))
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        images[start : start + size] = strokes.make(size, 10, seed=start + 1)["images"]
    images.flush()
    del images
    held_out = strokes.make(10, 2000, seed=0)
    return Dataset(
        "strokes",
        np.load(path, mmap_mode="r"),
        np.full(count, -1),
        held_out["test_images"],
        held_out["test_labels"],
        (),
    )


if __name__ == "__main__":
    app()
