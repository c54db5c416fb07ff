"""How well the default network learns MNIST, and how fast the loop is beside the tutorials' loop.

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
from aecore.training.trainer import Trainer
from benchmarks.report import AsJson, show

BOTTLENECK = 32
EPOCHS = (1, 10)
# The history gets a row at every step at first, and ever more rarely.
WARM_UP = 300

Dataset = Annotated[str, Parameter("--dataset")]
Threads = Annotated[int, Parameter("--threads")]
app = App("training")


@app.command
def quality(*, name: Dataset = "mnist", threads: Threads = 1, as_json: AsJson = False) -> None:
    """Measure the error on all held-out images after 1 and after 10 epochs, each a whole run."""
    torch.set_num_threads(threads)
    dataset = data.load(name)
    pca = probe.training_pca(dataset, len(dataset.images))
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
    """Make steps with each loop by turns, so that what else the machine does hits all alike.

    The same network without noise or penalty, the same batch size; ours also writes its history.
    """
    torch.set_num_threads(threads)
    dataset = data.load(name)
    makers: Mapping[str, Callable[[], None]] = {
        "ours": _ours(dataset, "auto"),
        "ours_float32": _ours(dataset, "float32"),
        "tutorial": _tutorial(dataset),
    }
    seconds: dict[str, list[float]] = {which: [] for which in makers}
    for step in makers.values():
        _time(step, WARM_UP)
    for _ in range(rounds):
        for which, step in makers.items():
            seconds[which].append(_time(step, steps))
    result: dict[str, Any] = {
        f"{which}_steps_per_second": steps / statistics.median(taken)
        for which, taken in seconds.items()
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
    """Return a step as tutorials make it: DataLoader, plain Adam, a loss read at every step."""
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
    began = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - began


if __name__ == "__main__":
    app()
