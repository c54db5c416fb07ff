"""Benchmark what networks make of changed images, beside PCA with as many components.

One is the default network, the other that which the page *Onto the manifold* offers to train. The
first change is that which the page shows first. Each figure is a mean over held-out images and
seeds; ``before`` and ``after`` are root mean square differences from the original, and ``nearer``
is the share of images that the network leaves nearer to the original than PCA does.

::

    AECORE_DATA=... uv run python -m benchmarks.changes --json
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from cyclopts import App

from aecore import data
from aecore.applications import iteration
from aecore.applications.iteration import Array
from aecore.config import Config
from aecore.presets import preset
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

app = App("changes")
CHANGES: Mapping[str, Callable[[Array], Array]] = {
    "patch": lambda image: iteration.with_gap(image, iteration.PLACE),
    "upper patch": lambda image: iteration.with_gap(image, 0.25),
    "stroke": lambda image: iteration.with_stroke(image, 90),
}
SETTINGS: Mapping[str, Callable[[str], Config]] = {
    "default": lambda name: preset("stacked", name),
    "repair": iteration.repair_settings,
}
# Enough for the effect to show; by default, the network trains longer.
EPOCHS = {"mnist": 3}


@app.default
def changes(
    *,
    datasets: tuple[str, ...] = ("digits", "mnist"),
    images: int = 200,
    passes: tuple[int, ...] = (1, iteration.PASSES),
    seeds: int = 3,
    threads: int = 1,
    as_json: AsJson = False,
) -> None:
    """Train the default network, and split changes of held-out images."""
    torch.set_num_threads(threads)
    result: dict[str, Any] = {}
    for name in datasets:
        for kind, settings in SETTINGS.items():
            networks = [_trained(settings(name), name, seed) for seed in range(seeds)]
            for change, apply in CHANGES.items():
                for count in passes:
                    rows = [_mean_sizes(each, apply, images, count) for each in networks]
                    means = {
                        key: round(float(np.mean([row[key] for row in rows])), 3) for key in rows[0]
                    }
                    result[f"{name}, {kind}, {change}, {count}"] = means
                    print(name, kind, change, count, means, flush=True)
    show(result, as_json)


def _trained(settings: Config, name: str, seed: int) -> TrainedModel:
    epochs = EPOCHS.get(name, settings.epochs)
    trainer = Trainer(data.load(name), settings.changed(seed=seed, epochs=epochs))
    trainer.train()
    return TrainedModel.from_snapshot(trainer.snapshot(), trainer.dataset, "changes")


def _mean_sizes(
    network: TrainedModel, apply: Callable[[Array], Array], images: int, passes: int
) -> dict[str, float]:
    """Return the mean size of each part of a change, and of the distances to the original."""
    sizes = []
    for image in network.training_subset.test_images[:images]:
        clean = (image / 255).astype(np.float32)
        changed = apply(clean)
        if np.array_equal(changed, clean):
            continue
        by_network = iteration.network_response(network, clean, changed, passes)
        by_pca = iteration.pca_response(network, clean, changed, passes)
        sizes.append(
            {
                **by_network.sizes,
                **{f"PCA {part}": size for part, size in by_pca.sizes.items()},
                "before": by_network.before,
                "after": by_network.after,
                "PCA after": by_pca.after,
                "nearer": float(by_network.after < by_pca.after),
            }
        )
    return {key: float(np.mean([row[key] for row in sizes])) for key in sizes[0]}


if __name__ == "__main__":
    app()
