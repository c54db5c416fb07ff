"""Loops that train the same network, each as its library's own guide does.

The network is dense, 784-512-256-128-32 and its mirror, with GELU between the layers and a sigmoid
at the end; the loss is the mean squared error, the optimizer Adam.

Each function takes the images, float32 of shape (n, 784) in [0, 1], and the batch size, and returns
a function that passes over all images once.
"""

import itertools
import logging
import os
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from aecore.config import Config
from aecore.data import Dataset
from aecore.training.trainer import Trainer

Images = NDArray[np.float32]
Pass = Callable[[], object]

SIDE = 28
WIDTHS = (SIDE * SIDE, 512, 256, 128, 32)
ALL_WIDTHS = (*WIDTHS, *WIDTHS[-2::-1])
LEARNING_RATE = 1e-3


def ours(images: Images, batch: int, precision: str = "auto") -> Pass:
    """Take the steps of an epoch with `aecore`, with its history, and validation beside it."""
    trainer = our_trainer(images, batch, precision)
    return lambda: trainer.train(trainer.steps + trainer.steps_per_epoch)


def our_trainer(images: Images, batch: int, precision: str = "auto") -> Trainer:
    """Return a trainer of `aecore` for the same network."""
    pixels = (images * 255).round().astype(np.uint8).reshape(-1, SIDE, SIDE)
    # Held out beside the images that all loops train on.
    pixels = np.concatenate([pixels, pixels[:1000]])
    labels = np.zeros(len(pixels), np.int64)
    dataset = Dataset("mnist", pixels, labels, pixels[:2000], labels[:2000], ("all",))
    config = Config(
        hidden="-".join(map(str, WIDTHS[1:-1])),
        bottleneck=WIDTHS[-1],
        linear_path=False,
        loss="mse",
        schedule="constant",
        learning_rate=LEARNING_RATE,
        batch_size=batch,
        epochs=1000,
        precision=precision,
    )
    return Trainer(dataset, config)


def tutorial(images: Images, batch: int) -> Pass:
    """Loop over a DataLoader, and read the loss at every step."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), LEARNING_RATE)
    loader = _loader(images, batch)

    def epoch() -> float:
        total = 0.0
        for (x,) in loader:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), x)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item()
        return total

    return epoch


def lightning(images: Images, batch: int, precision: Any = "32-true") -> Pass:
    """Fit a LightningModule with a Trainer that neither logs nor saves."""
    import lightning as L  # noqa: N812 -- as its own guide has it

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")

    class Module(L.LightningModule):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.model = network()

        def training_step(self, rows: list[Tensor]) -> Tensor:
            (x,) = rows
            return nn.functional.mse_loss(self.model(x), x)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), LEARNING_RATE)

    module, loader = Module(), _loader(images, batch)
    quiet = dict.fromkeys(
        ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary"), False
    )

    def epoch() -> None:
        trainer = L.Trainer(max_epochs=1, accelerator="cpu", precision=precision, **quiet)
        trainer.fit(module, loader)

    return epoch


def skorch(images: Images, batch: int) -> Pass:
    """Fit skorch's NeuralNet for an epoch."""
    from skorch import NeuralNet

    net = NeuralNet(
        network(),
        nn.MSELoss,
        optimizer=torch.optim.Adam,
        lr=LEARNING_RATE,
        batch_size=batch,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    ).initialize()
    return lambda: net.partial_fit(images, images)


def keras(images: Images, batch: int) -> Pass:
    """Fit a Sequential model with Keras on TensorFlow, on one thread."""
    os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
    import tensorflow
    from keras import Sequential, layers, optimizers

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    *hidden, last = ALL_WIDTHS[1:]
    activations = [None if width == WIDTHS[-1] else "gelu" for width in hidden]
    model = Sequential(
        [
            *(layers.Dense(w, activation=a) for w, a in zip(hidden, activations, strict=True)),
            layers.Dense(last, activation="sigmoid"),
        ]
    )
    model.compile(optimizers.Adam(LEARNING_RATE), "mse")
    return lambda: model.fit(images, images, batch_size=batch, epochs=1, verbose=0)


def bare_products(images: Images, batch: int, half: bool = False) -> Pass:
    """Multiply the matrices of all steps, forwards and backwards, and do nothing else.

    In float32 by oneDNN where torch has it, which is the faster way on some processors and no
    slower on others.
    """
    from aecore.network.products import has_onednn, onednn_product

    kind = torch.bfloat16 if half else torch.float32
    fast = has_onednn() and not half
    shapes = [*itertools.pairwise(ALL_WIDTHS)]
    weights = [torch.randn(after, before).to(kind) for before, after in shapes]
    inputs = [torch.randn(batch, before).to(kind) for before, _ in shapes]
    gradients = [torch.randn(batch, after).to(kind) for _, after in shapes]

    def product(x: Tensor, weight: Tensor) -> Tensor:
        return onednn_product(x, weight) if fast else nn.functional.linear(x, weight)

    @torch.no_grad()
    def epoch() -> None:
        for _ in range(-(-len(images) // batch)):
            for place, weight in enumerate(weights):
                product(inputs[place], weight)
                product(gradients[place].t(), inputs[place].t())
                # No gradient flows to the images.
                if place:
                    product(gradients[place], weight.t())

    return epoch


def network() -> nn.Sequential:
    """Return the network in torch."""
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(ALL_WIDTHS):
        layers.append(nn.Linear(before, after))
        if after != WIDTHS[-1]:
            layers.append(nn.GELU())
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


def _loader(images: Images, batch: int) -> DataLoader[tuple[Tensor, ...]]:
    return DataLoader(TensorDataset(torch.from_numpy(images)), batch_size=batch, shuffle=True)


LOOPS: Mapping[str, Callable[[Images, int], Pass]] = {
    "ours": ours,
    "ours_float32": lambda images, batch: ours(images, batch, "float32"),
    "keras": keras,
    "lightning": lightning,
    "lightning_bf16": lambda images, batch: lightning(images, batch, "bf16-mixed"),
    "skorch": skorch,
    "tutorial": tutorial,
    "products_float32": bare_products,
    "products_bfloat16": lambda images, batch: bare_products(images, batch, half=True),
}
