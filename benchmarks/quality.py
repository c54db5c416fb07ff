"""Benchmark the quality of all presets and recipes on MNIST, beside PCA and published results.

Each figure is measured once, on all test images. What is trained was chosen on validation images
taken from the training images. For one preset and seed, ``aecore train --preset NAME --dataset
mnist --epochs 20 --json --threads 1`` prints the same.

::

    AECORE_DATA=... uv run python -m benchmarks.quality --json
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from typing import Annotated, Any

import numpy as np
import torch
from cyclopts import App, Parameter

from aecore import data
from aecore.applications import anomaly, denoising, threshold
from aecore.applications.reconstruction_errors import reconstruction_errors
from aecore.data import Dataset, Extent
from aecore.metrics import reconstruction
from aecore.presets import preset_for
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer
from benchmarks.datasets.photographs import photographs
from benchmarks.report import AsJson, show

app = App("quality")

DATASET, KEPT_BACK = "mnist", "photographs"
QUICK_SIZE, QUICK_EPOCHS = 6_000, 2


@dataclass(frozen=True)
class Recipe:
    """A preset with some settings, what it is measured by, and what others have published.

    Attributes
    ----------
    preset : str
    values : mapping of str to value
        Settings that differ from the preset.
    measure : {'test_mse', 'summed', 'psnr', 'share'}
        Squared error per pixel, the same summed over an image, dB of noisy images, or share of
        PCA's error.
    published : str
    """

    preset: str
    values: Mapping[str, Any] = field(default_factory=dict)
    measure: str = "test_mse"
    published: str = ""
    dataset: str = DATASET


RECIPES: Mapping[str, Recipe] = {
    "d2": Recipe("two_dimensional", published="convolutional .0369 (parametric UMAP notebooks)"),
    "d8": Recipe("stacked"),
    "d16": Recipe("stacked", {"bottleneck": 16}),
    "d32": Recipe("stacked", {"bottleneck": 32}),
    "d64": Recipe(
        "convolutional",
        {"bottleneck": 64},
        published="convolutional .0016 (parametric UMAP notebooks)",
    ),
    "d30_summed": Recipe(
        "convolutional",
        {"bottleneck": 30, "hidden": "32-64-128"},
        measure="summed",
        published="3.00 (Hinton and Salakhutdinov, 2006)",
    ),
    "denoise_1": Recipe("denoising", {"noise": 0.1}, measure="psnr"),
    "denoise_3": Recipe("denoising", {"noise": 0.3}, measure="psnr"),
    "denoise_5": Recipe("denoising", {"noise": 0.5}, measure="psnr"),
    "classic": Recipe("classic"),
    "sparse": Recipe("sparse"),
    "convolutional": Recipe("convolutional"),
    "kept_back_share": Recipe("stacked", {"bottleneck": 16}, measure="share", dataset=KEPT_BACK),
}
ANOMALIES = "anomaly_mean"
PUBLISHED_ANOMALIES = ".948 (Deep SVDD, Ruff et al., 2018)"


@cache
def images_of(name: str, count: int | None) -> Dataset:
    """Return a dataset, loaded once per process, with at most `count` training images."""
    dataset = photographs() if name == KEPT_BACK else data.load(name)
    torch.set_num_threads(1)
    return dataset if count is None else _first(dataset, count)


def _first(dataset: Dataset, count: int) -> Dataset:
    fields = {**vars(dataset), "images": dataset.images[:count], "labels": dataset.labels[:count]}
    fields.pop("fingerprint", None)
    return Dataset(**{**fields, "factors": {}, "files": ()})


def measure_recipe(name: str, seed: int, epochs: int, count: int | None) -> dict[str, float]:
    """Train a recipe, and return its figure, that of PCA, and the seconds it took."""
    recipe = RECIPES[name]
    dataset = images_of(recipe.dataset, count)
    extent = Extent(len(dataset.images), *dataset.shape)
    values = {"epochs": epochs, "seed": seed, **recipe.values}
    trainer = Trainer(dataset, preset_for(extent, recipe.preset, dataset.name, **values))
    begin = time.process_time()
    trainer.train()
    seconds = time.process_time() - begin
    network = TrainedModel.from_snapshot(trainer.snapshot(), dataset, name)
    return {**_figures(recipe.measure, network), "seconds": seconds}


def _figures(measure: str, network: TrainedModel) -> dict[str, float]:
    errors = reconstruction_errors(network)
    if measure == "psnr":
        return {"figure": _decibels(errors["noisy_test_mse"]), **_filters(network)}
    own, pca = errors["test_mse"], errors["pca_mse_clamped"]
    if measure == "share":
        return {"figure": own / pca, "pca": 1.0}
    scale = network.images[0].size if measure == "summed" else 1
    return {"figure": own * scale, "pca": pca * scale}


def _decibels(error: float) -> float:
    return float(-10 * np.log10(error))


def _filters(network: TrainedModel) -> dict[str, float]:
    """Return the PSNR of noisy test images, and of those denoised by PCA and by Wiener's filter."""
    config, images = network.config, network.dataset.test_images
    truth = (images / 255).astype(np.float32)
    noisy = denoising.add_noise(images, config.noise_kind, config.noise)
    fitted = denoising.fit(network, config.noise_kind, config.noise)
    outputs = {"noisy": noisy, **{name: fitted[name].apply(noisy) for name in ("pca", "wiener")}}
    return {name: reconstruction.psnr(truth, each) for name, each in outputs.items()}


def measure_detector(digit: int, seed: int, epochs: int, count: int | None) -> dict[str, float]:
    """Train a detector of one normal digit, and return its AUROC and PCA's on all test images."""
    dataset = images_of(DATASET, count)
    normal = (dataset.classes[digit],)
    config = anomaly.detector_settings(dataset, normal)
    trainer = Trainer(dataset, config.changed(epochs=epochs, seed=seed))
    trainer.train()
    network = TrainedModel.from_snapshot(trainer.snapshot(), dataset, "detector")
    images, anomalous = anomaly.held_out(dataset, normal)
    baselines = anomaly.baselines(network)
    scores = {
        "figure": anomaly.detector(network)[anomaly.DEFAULT_SCORE],
        **{name: baselines[name] for name in ("pca", "pca_relative")},
    }
    return {name: threshold.roc(anomalous, score(images)).area for name, score in scores.items()}


@app.default
def quality(
    *,
    only: Annotated[tuple[str, ...], Parameter("--only", help="Some of the figures.")] = (),
    seeds: int = 3,
    epochs: int = 20,
    processes: int = 2,
    quick: Annotated[bool, Parameter(negative="", help="One seed, few images and epochs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train every recipe with several seeds, and print a table and, with --json, all figures."""
    seeds, epochs, count = (1, QUICK_EPOCHS, QUICK_SIZE) if quick else (seeds, epochs, None)
    names = only or (*RECIPES, ANOMALIES)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        jobs: dict[str, list[list[Any]]] = {}
        for name in names:
            for seed in range(seeds):
                budget = (seed, epochs, count)
                jobs.setdefault(name, []).append(
                    [pool.submit(measure_detector, digit, *budget) for digit in range(10)]
                    if name == ANOMALIES
                    else [pool.submit(measure_recipe, name, *budget)]
                )
        rows: dict[str, dict[str, Any]] = {}
        for name, tries in jobs.items():
            rows[name] = _summary([_mean([job.result() for job in each]) for each in tries])
            print(_row(name, rows[name]), flush=True)
    figures = {name: row["figure"] for name, row in rows.items()}
    spreads = {f"{name}_spread": row["spread"] for name, row in rows.items()}
    show({"epochs": epochs, "seeds": seeds, **figures, **spreads}, as_json)


def _mean(results: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([each[name] for each in results])) for name in results[0]}


def _summary(results: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return the means over seeds, and the standard deviation of the figure."""
    figures = [each["figure"] for each in results]
    spread = float(np.std(figures, ddof=1)) if len(figures) > 1 else None
    return {**_mean(results), "spread": spread}


def _row(name: str, row: Mapping[str, Any]) -> str:
    """Return a row of a Markdown table: name, figure and spread, baselines, published, seconds."""
    published = PUBLISHED_ANOMALIES if name == ANOMALIES else RECIPES[name].published
    spread = "" if row["spread"] is None else f" ± {row['spread']:.2g}"
    baselines = ", ".join(
        f"{each} {row[each]:.4g}"
        for each in ("noisy", "pca", "pca_relative", "wiener")
        if each in row
    )
    seconds = f"{row['seconds']:.0f} s" if "seconds" in row else ""
    return f"| {name} | {row['figure']:.4g}{spread} | {baselines} | {published} | {seconds} |"


if __name__ == "__main__":
    app()
