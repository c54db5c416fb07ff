"""A data set that does not fit in memory: a million generated images, read from disk as needed.

Full PCA would need all of them at once; the components our training starts from are found in one
pass, and scikit-learn's incremental PCA in another, both in constant memory.

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


class Watch:
    """The most memory the process had, its own and with pages of files, in MB."""

    def __init__(self) -> None:
        self.most = {"own": 0.0, "whole": 0.0}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            for name, value in memory().items():
                self.most[name] = max(self.most[name], value)

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()


def memory() -> dict[str, float]:
    """Return the memory in MB; that which is shared, as pages of files are, is not its own."""
    info = psutil.Process().memory_info()
    return {"own": (info.rss - info.shared) / MEGABYTE, "whole": info.rss / MEGABYTE}


@app.default
def streaming(
    *, count: int = 1_000_000, epochs: int = 1, threads: int = 2, as_json: AsJson = False
) -> None:
    """Write the images, train on them, and fit incremental PCA; tell how much memory it took."""
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        dataset = generated(Path(folder), count)
        bare = memory()
        watch, began = Watch(), time.monotonic()
        values = {"train_size": count, "epochs": epochs, "bottleneck": 8, "batch_size": 256}
        trainer = Trainer(dataset, preset("stacked", "strokes", **values))
        found = time.monotonic()
        trainer.train()
        trained = time.monotonic()
        watch.close()
        result: dict[str, Any] = {
            "images": count,
            "megabytes_on_disk": round(dataset.images.nbytes / 2**20),
            "components_seconds": found - began,
            "training_seconds": trained - found,
            "own_memory_above_bare_mb": watch.most["own"] - bare["own"],
            "with_file_pages_above_bare_mb": watch.most["whole"] - bare["whole"],
            "test_mse": trainer.history[-1]["held_out"],
            "pca_mse": trainer.history[-1]["pca"],
        }
        incremental, began = IncrementalPCA(8), time.monotonic()
        for start in range(0, count, CHUNK):
            part = dataset.images[start : start + CHUNK].reshape(-1, 784).astype(np.float32)
            incremental.partial_fit(part / 255)
        result["incremental_pca_seconds"] = time.monotonic() - began
    show(result, as_json)


def generated(folder: Path, count: int) -> Dataset:
    """Write images in parts, and return them as they lie on disk."""
    path = folder / "images.npy"
    images = np.lib.format.open_memmap(path, "w+", np.uint8, (count, 28, 28))
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        images[start : start + size] = strokes.make(size, 10, seed=start + 1)["images"]
    images.flush()
    del images
    held = strokes.make(10, 2000, seed=0)
    return Dataset(
        "strokes",
        np.load(path, mmap_mode="r"),
        np.full(count, -1),
        held["test_images"],
        held["test_labels"],
        (),
    )


if __name__ == "__main__":
    app()
