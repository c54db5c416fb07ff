"""Benchmark the presets as they come, on large and small datasets, against PCA.

The learning rate was chosen by ``rates`` on validation images taken from the training images; the
test images are used by ``first`` only, which reports what a person sees who adds 600 pictures.

::

    AECORE_DATA=... uv run python -m benchmarks.presets rates --json
    AECORE_DATA=... uv run python -m benchmarks.presets first --json
"""

import time
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import torch
from cyclopts import App, Parameter
from numpy.typing import NDArray

from aecore import data
from aecore.applications import anomaly, denoising, threshold
from aecore.config import Config
from aecore.data import Dataset, Extent
from aecore.data.split import split
from aecore.images import resize
from aecore.metrics import reconstruction
from aecore.network.inference import error, tensor
from aecore.presets import preset_for
from aecore.runs.trained_model import TrainedModel
from aecore.training.subset import select_classes
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

RATES = (1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3)
CLASSES = ("3", "5", "8")
PER_CLASS = 200
VALIDATION = 1000
PRESETS = ("stacked", "two_dimensional", "denoising", "convolutional")
# Name, the dataset it is taken from, and the side of 600 pictures; 0 for the whole dataset.
SETS: dict[str, tuple[str, int]] = {
    "digits": ("digits", 0),
    "strokes": ("strokes", 0),
    "mnist": ("mnist", 0),
    "mnist 600 8x8": ("mnist", 8),
    "mnist 600 16x16": ("mnist", 16),
    "mnist 600 28x28": ("mnist", 28),
    "mnist 600 64x64": ("mnist", 64),
    "strokes 600 28x28": ("strokes", 28),
}
FEW_PICTURES = tuple(name for name, (_, side) in SETS.items() if side)
QUICK_SETS = ("digits", "strokes 600 28x28")
QUICK_EPOCHS = 3

Sets = Annotated[tuple[str, ...], Parameter("--set", help="Some of the sets.")]
Epochs = Annotated[int | None, Parameter("--epochs", help="Epochs; those of the preset if empty.")]
Quick = Annotated[bool, Parameter("--quick", negative="", help="Two sets and three epochs.")]
app = App("presets")


@app.command
def rates(
    *,
    sets: Sets = tuple(SETS),
    presets: tuple[str, ...] = ("stacked", "denoising"),
    rate: tuple[float, ...] = RATES,
    mnist_epochs: int = 3,
    quick: Quick = False,
    threads: int = 1,
    as_json: AsJson = False,
) -> None:
    """Measure the share of PCA's error on validation images for each learning rate."""
    torch.set_num_threads(threads)
    result: dict[str, Any] = {}
    for name in QUICK_SETS if quick else sets:
        images = _images(name, validating=True)
        epochs = {"mnist": mnist_epochs}.get(name)
        for start in presets:
            shares = {}
            for each in rate:
                few = QUICK_EPOCHS if quick else epochs
                trainer = _train(start, images, epochs=few, learning_rate=each)
                shares[f"{each:g}"] = _share(trainer)
            result[f"{name}, {start}"] = shares
            print(name, start, {n: round(share, 3) for n, share in shares.items()}, flush=True)
    show(result, as_json)


@app.command
def first(
    *,
    sets: Sets = FEW_PICTURES,
    epochs: Epochs = None,
    quick: Quick = False,
    threads: int = 1,
    as_json: AsJson = False,
) -> None:
    """Train the presets as they come, and a detector of one class, and measure on test images.

    Each share is that of the error of PCA with as many components, on clean images. The detector
    and PCA are scored by their relative error.
    """
    torch.set_num_threads(threads)
    result: dict[str, Any] = {}
    epochs = QUICK_EPOCHS if quick else epochs
    for name in QUICK_SETS if quick else sets:
        images = _images(name)
        for start in PRESETS:
            begin = time.monotonic()
            trainer = _train(start, images, epochs=epochs)
            figures = {
                "share": _share(trainer),
                "steps": trainer.steps,
                "seconds": round(time.monotonic() - begin, 1),
            }
            if trainer.config.noise:
                figures |= _denoised(trainer)
            result[f"{name}, {start}"] = figures
            print(name, start, figures, flush=True)
        result[f"{name}, detector"] = _detector(images, epochs)
        print(name, "detector", result[f"{name}, detector"], flush=True)
    show(result, as_json)


def _train(name: str, images: Dataset, **given: Any) -> Trainer:
    """Train a preset as it comes, except for what is given and not None."""
    chosen = {n: value for n, value in given.items() if value is not None}
    return _trained(images, preset_for(_extent(images), name, images.name, **chosen))


def _trained(images: Dataset, config: Config) -> Trainer:
    trainer = Trainer(images, config)
    trainer.train()
    return trainer


def _extent(images: Dataset) -> Extent:
    return Extent(len(images.images), *images.shape)


def _share(trainer: Trainer) -> float:
    """Return the error on clean held-out images as a share of PCA's."""
    images, bottleneck = trainer.training_subset.test_images, trainer.config.bottleneck
    network = _network(trainer)
    return error(trainer.model, images) / network.pca.error(images, bottleneck, clamped=True)


def _denoised(trainer: Trainer) -> dict[str, float]:
    """Return the PSNR of denoised held-out images: the network, PCA of its size, the best PCA."""
    network, level = _network(trainer), trainer.config.noise
    images = trainer.training_subset.test_images
    truth = tensor(images).numpy().reshape(images.shape)
    noisy = denoising.add_noise(truth, "gaussian", level)
    same_size = network.pca_reconstruct(noisy)
    outputs = {
        "psnr": network.reconstruct(noisy),
        "pca_psnr": same_size.astype(np.float32).reshape(truth.shape),
        "best_pca_psnr": denoising.fit(network, "gaussian", level)["pca"].apply(noisy),
    }
    return {name: reconstruction.psnr(truth, images) for name, images in outputs.items()}


def _detector(images: Dataset, epochs: int | None) -> dict[str, float]:
    """Train what the Anomalies page offers for the first class, and measure it beside PCA."""
    normal = (images.classes[np.unique(images.labels)[0]],)
    extent = _extent(select_classes(images, normal))
    config = anomaly.detector_settings(images, normal, extent)
    trainer = _trained(images, config if epochs is None else config.changed(epochs=epochs))
    network = _network(trainer)
    pictures, anomalous = anomaly.held_out(images, normal)
    scores = {
        "auroc": anomaly.detector(network)["relative"](pictures),
        "pca_auroc": anomaly.baselines(network)["pca_relative"](pictures),
    }
    areas = {name: threshold.roc(anomalous, each).area for name, each in scores.items()}
    return {**areas, "share": _share(trainer), "steps": trainer.steps}


def _network(trainer: Trainer) -> TrainedModel:
    return TrainedModel.from_snapshot(trainer.snapshot(), trainer.dataset, "presets")


def _images(name: str, *, validating: bool = False) -> Dataset:
    """Return the images to train on, with validation or test images held out."""
    source, side = SETS[name]
    dataset = data.load(source)
    if side:
        return _few(dataset, side, validating=validating)
    if not validating:
        return dataset
    training, held_out = split(dataset.labels)
    return _select(dataset, training, held_out)


def _few(dataset: Dataset, side: int, *, validating: bool) -> Dataset:
    """Return 600 images of three classes, a fifth of them left out as if they had been added.

    The validation images are other training images of the dataset.
    """
    dataset = select_classes(dataset, CLASSES)
    order = np.random.default_rng(0).permutation(len(dataset.labels))
    places = [order[dataset.labels[order] == label] for label in np.unique(dataset.labels)]
    own = np.sort(np.concatenate([each[:PER_CLASS] for each in places]))
    others = np.sort(np.concatenate([each[PER_CLASS:] for each in places]))[:VALIDATION]
    training = own[split(dataset.labels[own])[0]]
    few = _select(dataset, training, others if validating else None)
    shape = (side, side)
    return replace(
        few, images=resize(few.images, shape), test_images=resize(few.test_images, shape)
    )


def _select(
    dataset: Dataset, training: NDArray[np.intp], held_out: NDArray[np.intp] | None
) -> Dataset:
    """Return some of the training images, with others of them held out, or the test images."""
    kept: dict[str, Any] = {"factors": {}, "test_factors": {}}
    if held_out is not None:
        kept |= {
            "test_images": dataset.images[held_out],
            "test_labels": dataset.labels[held_out],
        }
    return replace(
        dataset, images=dataset.images[training], labels=dataset.labels[training], **kept
    )


if __name__ == "__main__":
    app()
