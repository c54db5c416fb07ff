"""What tests share: small images, small settings, one torch thread."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from aecore import data
from aecore.config import Config
from aecore.data import Dataset


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Other work shares the cores; small matrices gain nothing from more threads."""
    torch.set_num_threads(1)


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return data.load("digits")


def pictures(count: int, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Draw smooth images of three kinds: bright on top, at the bottom, in the middle."""
    draw = np.random.default_rng(seed)
    height, width = shape
    rows = np.abs(np.linspace(0, 1, height)[:, None] - draw.choice([0, 1, 0.5], (count, 1, 1)))
    columns = np.linspace(0, 1, width) * draw.random((count, 1, 1))
    noise = draw.random((count, height, width))
    found: np.ndarray = 255 * (0.5 * (1 - rows) + 0.3 * columns + 0.2 * noise)
    return found.astype(np.uint8)


@pytest.fixture(scope="session")
def small() -> Dataset:
    """120 images of 6 by 5 pixels to learn from and 40 held out."""
    images, held_out = pictures(120, (6, 5), 0), pictures(40, (6, 5), 1)
    return Dataset(
        "small", images, np.arange(120) % 3, held_out, np.arange(40) % 3, ("a", "b", "c")
    )


@pytest.fixture(scope="session")
def quick() -> Config:
    """Settings of a network that trains in a moment."""
    return Config(
        bottleneck=4, hidden="12", batch_size=32, epochs=6, precision="float32", noise=0.1
    )
