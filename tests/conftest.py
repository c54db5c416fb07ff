"""Shared fixtures: small datasets, quick settings, and a single torch thread."""

import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from aecore import data
from aecore.config import Config
from aecore.data import Dataset


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Limit torch to one thread: other work shares the cores, and small matrices gain nothing."""
    torch.set_num_threads(1)


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Assert that the test leaves no thread running."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Provide a folder that every user can enter, which `tmp_path` is not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return data.load("digits")


def pictures(count: int, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Generate smooth images of three kinds: bright at the top, at the bottom, or in the middle."""
    rng = np.random.default_rng(seed)
    height, width = shape
    rows = np.abs(np.linspace(0, 1, height)[:, None] - rng.choice([0, 1, 0.5], (count, 1, 1)))
    columns = np.linspace(0, 1, width) * rng.random((count, 1, 1))
    noise = rng.random((count, height, width))
    images: np.ndarray = 255 * (0.5 * (1 - rows) + 0.3 * columns + 0.2 * noise)
    return images.astype(np.uint8)


@pytest.fixture(scope="session")
def small() -> Dataset:
    """Provide 120 training images of 6 by 5 pixels and 40 held-out ones."""
    images, held_out = pictures(120, (6, 5), 0), pictures(40, (6, 5), 1)
    return Dataset(
        "small", images, np.arange(120) % 3, held_out, np.arange(40) % 3, ("a", "b", "c")
    )


@pytest.fixture(scope="session")
def quick() -> Config:
    """Provide settings of a network that trains within a fraction of a second."""
    return Config(
        bottleneck=4, hidden="12", batch_size=32, epochs=6, precision="float32", noise=0.1
    )


@pytest.fixture
def hangup_ends() -> Iterator[None]:
    """Let SIGHUP have its usual effect, also where the tests were started with ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
