"""Benchmark anomaly detection with one normal class, over all classes and several seeds.

The settings are fixed in advance and equal for all classes; nothing is tuned on held-out images.
The score is the reconstruction error of the clean image.

::

    AECORE_DATA=... uv run python benchmarks/anomalies.py --json
"""

from typing import Any

import numpy as np
import torch
from cyclopts import App

from aecore import data
from aecore.applications import anomaly, threshold
from aecore.config import Config
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

app = App("anomalies")


@app.default
def anomalies(
    *,
    dataset: str = "mnist",
    digits: tuple[int, ...] = tuple(range(10)),
    seeds: int = 3,
    epochs: int = 30,
    noise: float = 0.3,
    threads: int = 2,
    as_json: AsJson = False,
) -> None:
    """Train a network for each class and seed, and measure the area under the ROC curve."""
    torch.set_num_threads(threads)
    images = data.load(dataset)
    areas: dict[str, list[list[float]]] = {}
    for seed in range(seeds):
        for digit in digits:
            config = Config(
                dataset=dataset,
                classes=images.classes[digit],
                bottleneck=16,
                hidden="256-128",
                noise=noise,
                epochs=epochs,
                batch_size=128,
                seed=seed,
            )
            trainer = Trainer(images, config)
            trainer.train()
            network = TrainedModel.from_snapshot(trainer.snapshot(), images, "anomalies")
            test_images, anomalous = anomaly.held_out(images, (images.classes[digit],))
            scores = anomaly.detector(network)
            if not seed:
                scores = {**scores, "pca": anomaly.baselines(network)["pca"]}
            for name, score in scores.items():
                rows = areas.setdefault(name, [])
                if len(rows) <= seed:
                    rows.append([])
                rows[seed].append(threshold.roc(anomalous, score(test_images)).area)
            print(seed, digit, {n: round(rows[-1][-1], 4) for n, rows in areas.items()}, flush=True)
    result: dict[str, Any] = {"epochs": epochs, "noise": noise}
    for name, rows in areas.items():
        means = np.mean(rows, axis=1)
        result[name] = {
            "mean": float(means.mean()),
            "spread": float(means.std(ddof=1)) if len(means) > 1 else None,
            "by_class": np.mean(rows, axis=0).round(4).tolist(),
        }
    show(result, as_json)


if __name__ == "__main__":
    app()
