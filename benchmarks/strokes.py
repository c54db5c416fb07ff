"""Benchmark how well codes of 2, 4 and 8 units recover the factors of the dataset strokes.

::

    uv run python benchmarks/strokes.py --json
"""

from typing import Any

import torch
from cyclopts import App

from aecore import data
from aecore.metrics.factor_recovery import distance_correlation, recovery
from aecore.network.inference import encode, error
from aecore.presets import preset
from aecore.training import probe
from aecore.training.subset import training_subset
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

BOTTLENECKS = (2, 4, 8)

app = App("strokes")


@app.default
def strokes(*, epochs: int | None = None, threads: int = 1, as_json: AsJson = False) -> None:
    """Train the default network for each bottleneck and measure on all held-out images."""
    torch.set_num_threads(threads)
    dataset = data.load("strokes")
    subset = training_subset(dataset, preset("stacked", "strokes"))
    pca = probe.training_pca(subset, len(subset.images))
    result: dict[str, Any] = {}
    for bottleneck in BOTTLENECKS:
        values = {} if epochs is None else {"epochs": epochs}
        trainer = Trainer(dataset, preset("stacked", "strokes", bottleneck=bottleneck, **values))
        trainer.train()
        codes = encode(trainer.model, dataset.test_images)
        result[f"d={bottleneck}"] = {
            "epochs": trainer.config.epochs,
            "test_mse": error(trainer.model, dataset.test_images),
            "pca_mse": pca.error(dataset.test_images, bottleneck, clamped=True),
            "recovery": recovery(codes, dataset.test_factors),
            "distance_correlation": distance_correlation(codes, dataset.test_factors),
        }
    show(result, as_json)


if __name__ == "__main__":
    app()
