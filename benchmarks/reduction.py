"""Benchmark the error of the autoencoder and of PCA by code size, on all held-out images.

::

    AECORE_DATA=... uv run python benchmarks/reduction.py --json
"""

from typing import Any

import torch
from cyclopts import App

from aecore import data
from aecore.network.inference import error
from aecore.presets import preset
from aecore.training import probe
from aecore.training.subset import training_subset
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

app = App("reduction")


@app.default
def reduction(
    *,
    dataset: str = "mnist",
    bottlenecks: tuple[int, ...] = (2, 8, 16, 32, 64),
    epochs: int = 20,
    threads: int = 2,
    as_json: AsJson = False,
) -> None:
    """Train the default network for each code size; both errors are of clamped reconstructions."""
    torch.set_num_threads(threads)
    images = data.load(dataset)
    subset = training_subset(images, preset("stacked", dataset))
    pca = probe.training_pca(subset, len(subset.images))
    result: dict[str, Any] = {"epochs": epochs}
    for width in bottlenecks:
        trainer = Trainer(images, preset("stacked", dataset, bottleneck=width, epochs=epochs))
        trainer.train()
        ours = error(trainer.model, images.test_images)
        theirs = pca.error(images.test_images, width, clamped=True)
        result[f"d={width}"] = {"test_mse": ours, "pca_mse": theirs, "share": ours / theirs}
        print(width, result[f"d={width}"], flush=True)
    show(result, as_json)


if __name__ == "__main__":
    app()
