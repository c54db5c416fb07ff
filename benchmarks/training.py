"""Benchmark the default network on MNIST, and the speed of the training loop against a tutorial's.

::

    AECORE_DATA=../shared/data uv run python benchmarks/training.py quality --json
    AECORE_DATA=../shared/data uv run python benchmarks/training.py speed --json
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import torch
from cyclopts import App, Parameter
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from aecore import data
from aecore.network.autoencoder import Autoencoder
from aecore.network.inference import error, tensor
from aecore.presets import preset
from aecore.training import probe
from aecore.training.precision import use_bfloat16
from aecore.training.seeding import generator
from aecore.training.subset import training_subset
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

BOTTLENECK = 32
EPOCHS = (1, 10)
# At first every step adds a row to the history, later fewer do.
WARM_UP = 300

Dataset = Annotated[str, Parameter("--dataset")]
Threads = Annotated[int, Parameter("--threads")]
app = App("training")


@app.command
def quality(*, name: Dataset = "mnist", threads: Threads = 1, as_json: AsJson = False) -> None:
    """Measure the error on all held-out images of complete runs of 1 and of 10 epochs."""
    torch.set_num_threads(threads)
    dataset = data.load(name)
    subset = training_subset(dataset, preset("stacked", name))
    pca = probe.training_pca(subset, len(subset.images))
    result: dict[str, Any] = {
        "bottleneck": BOTTLENECK,
        "pca_mse": pca.error(dataset.test_images, BOTTLENECK),
        "pca_mse_clamped": pca.error(dataset.test_images, BOTTLENECK, clamped=True),
    }
    for epochs in EPOCHS:
        trainer = Trainer(dataset, preset("stacked", name, bottleneck=BOTTLENECK, epochs=epochs))
        trainer.train()
        result[f"test_mse_{epochs}"] = error(trainer.model, dataset.test_images)
    show(result, as_json)


@app.command
def speed(
    *,
    name: Dataset = "mnist",
    threads: Threads = 1,
    rounds: int = 10,
    steps: int = 30,
    as_json: AsJson = False,
) -> None:
    """Take steps with each loop in turn, so that other load affects all of them equally.

    The network without noise and penalty and the batch size are the same; ours also keeps its
    history.
    """
    torch.set_num_threads(threads)
    dataset = data.load(name)
    loops: Mapping[str, Callable[[], None]] = {
        "ours": _ours(dataset, "auto"),
        "ours_float32": _ours(dataset, "float32"),
        "tutorial": _tutorial(dataset),
    }
    seconds: dict[str, list[float]] = {which: [] for which in loops}
    for step in loops.values():
        _time(step, WARM_UP)
    for _ in range(rounds):
        for which, step in loops.items():
            seconds[which].append(_time(step, steps))
    result: dict[str, Any] = {
        f"{which}_steps_per_second": steps / statistics.median(times)
        for which, times in seconds.items()
    }
    for which in ("ours", "ours_float32"):
        ratios = zip(seconds["tutorial"], seconds[which], strict=True)
        result[f"{which}_times_tutorial"] = statistics.median(theirs / us for theirs, us in ratios)
    show({"threads": threads, "bfloat16": use_bfloat16("auto"), **result}, as_json)


def _ours(dataset: data.Dataset, precision: str) -> Callable[[], None]:
    trainer = Trainer(dataset, _config(dataset, precision))

    def step() -> None:
        trainer.step()

    return step


def _tutorial(dataset: data.Dataset) -> Callable[[], None]:
    """Return the step of a tutorial: a DataLoader, plain Adam, and a loss read at every step."""
    config = _config(dataset, "float32")
    images = tensor(dataset.images)
    loader = DataLoader(TensorDataset(images), batch_size=config.batch_size, shuffle=True)
    model = Autoencoder(dataset.shape, config, generator=generator(0, "weights"))
    optimizer = torch.optim.Adam(model.parameters(), config.learning_rate)
    batches = iter(loader)
    losses = 0.0

    def step() -> None:
        nonlocal batches, losses
        batch: Tensor | None
        if (batch := next(batches, [None])[0]) is None:
            batches = iter(loader)
            batch = next(batches)[0]
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(batch), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses += loss.item()

    return step


def _config(dataset: data.Dataset, precision: str) -> Any:
    return preset("stacked", dataset.name, bottleneck=BOTTLENECK, precision=precision)


def _time(step: Callable[[], None], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


if __name__ == "__main__":
    app()
