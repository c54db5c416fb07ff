"""Benchmark anomaly detection with one normal class, over all classes and several seeds.

The settings are those that the Anomalies page trains with, for equally many epochs of each class;
nothing is tuned on held-out images. The images that are scored are clean.

::

    AECORE_DATA=... uv run python -m benchmarks.anomalies --json
"""

from typing import Any

import numpy as np
import torch
from cyclopts import App

from aecore import data
from aecore.applications import anomaly, threshold
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
    threads: int = 2,
    as_json: AsJson = False,
) -> None:
    """Train a network for each class and seed, and measure the area under the ROC curve."""
    torch.set_num_threads(threads)
    images = data.load(dataset)
    areas: dict[str, list[list[float]]] = {}
    for seed in range(seeds):
        for digit in digits:
            normal = (images.classes[digit],)
            settings = anomaly.detector_settings(images, normal)
            trainer = Trainer(images, settings.changed(epochs=epochs, seed=seed))
            trainer.train()
            network = TrainedModel.from_snapshot(trainer.snapshot(), images, "anomalies")
            test_images, anomalous = anomaly.held_out(images, normal)
            scores = anomaly.detector(network)
            if not seed:
                baselines = anomaly.baselines(network)
                scores = {**scores, **{name: baselines[name] for name in ("pca_relative", "pca")}}
            for name, score in scores.items():
                rows = areas.setdefault(name, [])
                if len(rows) <= seed:
                    rows.append([])
                rows[seed].append(threshold.roc(anomalous, score(test_images)).area)
            print(seed, digit, {n: round(rows[-1][-1], 4) for n, rows in areas.items()}, flush=True)
    result: dict[str, Any] = {"epochs": epochs}
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
