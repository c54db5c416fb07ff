"""Choice of the device that a network is trained on."""

import os
import time

import torch

from aecore.choices.device import DEVICES
from aecore.config import Config
from aecore.errors import ConfigError
from aecore.network.autoencoder import Autoencoder
from aecore.training import objective, optimizer
from aecore.training.machine.precision import products
from aecore.training.seeding import generator

# The first steps also load kernels.
WARM_UP_STEPS, STEPS = 3, 10


def available() -> tuple[str, ...]:
    """Return the devices that this machine has, the processor first."""
    return tuple(name for name, each in DEVICES.items() if name != "auto" and each.available())


def choose(config: Config, shape: tuple[int, int], saved: str | None = None) -> str:
    """Return the device to train on, and prepare it so that equal steps give equal results.

    Parameters
    ----------
    config : Config
    shape : (height, width)
        Image size in pixels.
    saved : str, optional
        The device that the run was trained on so far; kept if this machine has it.

    Returns
    -------
    str
        'cpu', 'cuda' or 'mps'.

    Raises
    ------
    ConfigError
        If the settings ask for a device that this machine does not have.
    """
    devices = available()
    if saved in devices:
        device = saved
    elif config.device == "auto" or saved is not None:
        device = fastest(config, shape)
    elif config.device in devices:
        device = config.device
    else:
        raise ConfigError(
            "device is {label}, which torch does not find on this machine; choose one of {all}.",
            label=DEVICES[config.device].label,
            all=", ".join(["auto", *devices]),
        )
    if device == "cuda":
        _make_cuda_deterministic()
    return device


def fastest(config: Config, shape: tuple[int, int]) -> str:
    """Return the device on which a few steps take the least time."""
    devices = available()
    if len(devices) == 1:
        return devices[0]
    return min(devices, key=lambda device: step_seconds(config, shape, device))


def step_seconds(config: Config, shape: tuple[int, int], device: str) -> float:
    """Return the time of a step on a device, of a network that is not kept."""
    random = generator(0, "device")
    model = Autoencoder(shape, config, generator=random).to(device)
    stepper = optimizer.Stepper(model)
    images = torch.rand(config.batch_size, shape[0] * shape[1], generator=random).to(device)
    way = products(config.precision, device)
    start = 0.0
    for step in range(WARM_UP_STEPS + STEPS):
        if step == WARM_UP_STEPS:
            start = time.perf_counter()
        loss = objective.loss(model, images, images, config, products=way)
        stepper.step(loss.total, config, config.learning_rate)
        if step in (WARM_UP_STEPS - 1, WARM_UP_STEPS + STEPS - 1):
            # Reading a number waits for all that was queued.
            loss.squares.item()
    return (time.perf_counter() - start) / STEPS


def _make_cuda_deterministic() -> None:
    # Read when the first product is computed.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
