"""Benchmark the removal of Gaussian noise by a network and by linear estimators.

One run per level is trained with noise of that level and measured on all held-out images, clipped
to [0, 1].

::

    AECORE_DATA=... uv run python benchmarks/denoising.py --json
"""

from typing import Any

import torch
from cyclopts import App

from aecore import data
from aecore.applications import denoising
from aecore.metrics import reconstruction
from aecore.network.inference import tensor
from aecore.presets import preset
from aecore.runs.trained_model import TrainedModel
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

app = App("denoising")


@app.default
def measure(
    *,
    dataset: str = "mnist",
    levels: tuple[float, ...] = (0.1, 0.2, 0.3, 0.5),
    bottleneck: int = 256,
    hidden: str = "1000",
    epochs: int = 20,
    learning_rate: float = 1e-3,
    threads: int = 2,
    as_json: AsJson = False,
) -> None:
    """Train and measure at each level."""
    torch.set_num_threads(threads)
    images = data.load(dataset)
    truth = tensor(images.test_images).numpy().reshape(images.test_images.shape)
    result: dict[str, Any] = {}
    for level in levels:
        trainer = Trainer(
            images,
            preset(
                "denoising",
                dataset,
                bottleneck=bottleneck,
                hidden=hidden,
                epochs=epochs,
                learning_rate=learning_rate,
                noise_kind="gaussian",
                noise=level,
            ),
        )
        trainer.train()
        network = TrainedModel.from_snapshot(trainer.snapshot(), images, "denoising")
        noisy = denoising.add_noise(truth, "gaussian", level)
        fitted = denoising.fit(network, "gaussian", level)
        result[f"{level:g}"] = {
            "noisy": reconstruction.psnr(truth, noisy),
            "pca": reconstruction.psnr(truth, fitted["pca"].apply(noisy)),
            "wiener": reconstruction.psnr(truth, fitted["wiener"].apply(noisy)),
            "autoencoder": reconstruction.psnr(truth, network.reconstruct(noisy)),
            "ssim": reconstruction.ssim(truth[:1000], network.reconstruct(noisy[:1000])),
        }
        print(level, result[f"{level:g}"], flush=True)
    show({"epochs": epochs, "hidden": hidden, "bottleneck": bottleneck, **result}, as_json)


if __name__ == "__main__":
    app()
