"""Benchmark the localization of defects: squares and scratches in held-out images.

The defects are drawn at random places into held-out images that neither the statistics of normal
images nor the threshold come from. The area is that under the ROC curve over all their pixels, of
the plain squared error and of the error beyond what is normal at each pixel.

::

    AECORE_DATA=... uv run python -m benchmarks.defects --json
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from cyclopts import App
from numpy.typing import NDArray

from aecore import data
from aecore.applications import defects as engine
from aecore.config import Config
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

app = App("defects")
Masks = NDArray[np.bool_]
Kind = tuple[Callable[[np.random.Generator, tuple[int, int]], Masks], int]


def square(random: np.random.Generator, shape: tuple[int, int]) -> Masks:
    """Cover a fifth of the shorter side."""
    side = max(1, min(shape) // 5)
    row, column = (int(random.integers(0, length - side)) for length in shape)
    mask = np.zeros(shape, bool)
    mask[row : row + side, column : column + side] = True
    return mask


def scratch(random: np.random.Generator, shape: tuple[int, int]) -> Masks:
    """Cover a line one pixel wide and a third of the shorter side long."""
    length, angle = min(shape) / 3, random.uniform(0, np.pi)
    centre = [random.uniform(length / 2, side - length / 2) for side in shape]
    steps = np.linspace(-length / 2, length / 2, 4 * int(length))
    mask = np.zeros(shape, bool)
    rows, columns = centre[0] + steps * np.sin(angle), centre[1] + steps * np.cos(angle)
    mask[rows.astype(int).clip(0, shape[0] - 1), columns.astype(int).clip(0, shape[1] - 1)] = True
    return mask


KINDS: Mapping[str, Kind] = {
    "bright square": (square, 255),
    "grey square": (square, 100),
    "black square": (square, 0),
    "bright scratch": (scratch, 255),
}
"""The shape of each kind of defect, and its grey value."""


@app.default
def defects(
    *,
    dataset: str = "mnist",
    classes: str = "",
    images: int = 500,
    epochs: int = 10,
    threads: int = 2,
    as_json: AsJson = False,
) -> None:
    """Train a network, and measure how well the maps of it and of PCA find each kind of defect."""
    torch.set_num_threads(threads)
    source = data.load(dataset)
    config = Config(dataset=dataset, classes=classes, epochs=epochs)
    trainer = Trainer(source, config)
    trainer.train()
    network = TrainedModel.from_snapshot(trainer.snapshot(), source, "defects")
    held_out = network.training_subset.test_images
    images = min(images, len(held_out) // 2)
    sample, normal = held_out[:images], held_out[images:][: engine.MOST_NORMAL]
    maps = {"network": engine.network_map(network, normal), "pca": engine.pca_map(network, normal)}
    result: dict[str, Any] = {
        f"{name}, normal with a region": _share_with_region(each, sample)
        for name, each in maps.items()
    }
    for kind, (draw, grey) in KINDS.items():
        random = np.random.default_rng(0)
        masks = np.stack([draw(random, source.shape) for _ in sample])
        damaged = np.where(masks, np.uint8(grey), sample)
        # A black square on black is no defect.
        masks &= damaged != sample
        for name, each in maps.items():
            result[f"{kind}, {name}, squared error"] = _squared_error_area(each, damaged, masks)
            result[f"{kind}, {name}, beyond normal"] = engine.pixel_auroc(
                each.z_scores(damaged), masks
            )
            result[f"{kind}, {name}, with a region"] = _share_with_region(each, damaged)
    show(result, as_json)


def _squared_error_area(
    fitted: engine.DefectMap, images: NDArray[np.uint8], masks: Masks
) -> float | None:
    reconstruction = fitted.reconstruct(images).reshape(images.shape)
    return engine.pixel_auroc(np.square(images / 255 - reconstruction), masks)


def _share_with_region(fitted: engine.DefectMap, images: NDArray[np.uint8]) -> float:
    return float((fitted.z_scores(images).max((1, 2)) > fitted.threshold).mean())


if __name__ == "__main__":
    app()
