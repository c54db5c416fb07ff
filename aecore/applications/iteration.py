"""Onto the manifold: an image rebuilt again and again, and what becomes of a change to it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from aecore.runs.trained_model import TrainedModel

Array = NDArray[np.float32]

NEIGHBOURS = 5
KNOWN, COMPARED = 5000, 1000


@dataclass(frozen=True, eq=False)
class Walk:
    """An image fed to the network, its reconstruction fed back, and again.

    Attributes
    ----------
    images : ndarray of shape (passes + 1, height, width), float32 in [0, 1]
        The first is the one that was fed.
    codes : ndarray of shape (passes + 1, bottleneck), float32
        Of each of them.
    moved : ndarray of shape (passes,), float64
        How far each pass moved the image: root mean square of the change, in grey levels.
    """

    images: Array
    codes: Array
    moved: NDArray[np.float64]


def walk(network: TrainedModel, image: Array, passes: int) -> Walk:
    """Feed an image, reconstruct it, feed that back, and again.

    Parameters
    ----------
    network : TrainedModel
    image : ndarray of shape (height, width), float32 in [0, 1]
    passes : int

    Returns
    -------
    Walk
    """
    images = [image.astype(np.float32)]
    for _ in range(passes):
        images.append(network.reconstruct(images[-1][None])[0])
    strip = np.stack(images)
    moved = np.sqrt(np.square(np.diff(strip.astype(np.float64), axis=0)).mean((1, 2)))
    return Walk(strip, network.encode(strip), moved)


@dataclass(frozen=True, eq=False)
class Split:
    """What became of a change.

    Attributes
    ----------
    change, kept, removed : ndarray of shape (height, width), float32 in [-1, 1]
        The change; what of it is in the reconstruction; and the rest: change = kept + removed.
    share : float
        How much of the change was kept, along itself: 0 where it was undone, 1 where it stayed.
    """

    change: Array
    kept: Array
    removed: Array
    share: float


def split(network: TrainedModel, clean: Array, changed: Array) -> Split:
    """Tell what of a change to an image a network keeps, and what it removes.

    Parameters
    ----------
    network : TrainedModel
    clean, changed : ndarray of shape (height, width), float32 in [0, 1]

    Returns
    -------
    Split
        The reconstruction of the changed image is held against that of the clean one, so that
        what the network gets wrong in both does not count.
    """
    before, after = network.reconstruct(np.stack([clean, changed]).astype(np.float32))
    change, kept = changed - clean, after - before
    size = float(np.square(change).sum())
    share = float((kept * change).sum()) / size if size else 1.0
    return Split(change, kept, change - kept, share)


class Cloud:
    """The codes of the training images, and how far from them others lie.

    Parameters
    ----------
    network : TrainedModel
    """

    def __init__(self, network: TrainedModel) -> None:
        codes = network.encode(network.images[:KNOWN])
        count = min(NEIGHBOURS, len(codes))
        self._near = NearestNeighbors(n_neighbors=count).fit(codes)
        self.usual = np.sort(
            self.distance(network.encode(network.training_subset.test_images[:COMPARED]))
        )

    def distance(self, codes: Array) -> NDArray[np.float64]:
        """Return the mean distances (n,) of codes (n, bottleneck) to the five nearest."""
        return np.asarray(self._near.kneighbors(codes)[0].mean(1), np.float64)

    def rank(self, codes: Array) -> NDArray[np.float64]:
        """Return which share of held-out images lies nearer, of shape (n,), in [0, 1]."""
        places = np.searchsorted(self.usual, self.distance(codes))
        return np.asarray(places / len(self.usual), np.float64)


def with_stroke(image: Array, angle: float) -> Array:
    """Return an image with a stroke through its middle, at an angle in degrees."""
    height, width = image.shape
    down, across = np.mgrid[:height, :width]
    turn = np.deg2rad(angle)
    aside = (across - (width - 1) / 2) * np.sin(turn) + (down - (height - 1) / 2) * np.cos(turn)
    half = max(1.2, 1.5 * max(height, width) / 28)
    stroke = np.clip(half - abs(aside), 0, 1)
    return np.asarray(np.maximum(image, stroke), np.float32)


def with_gap(image: Array, place: float, share: float = 0.3) -> Array:
    """Return an image with a band erased, at a place from 0 (top) to 1 (bottom)."""
    height = image.shape[0]
    size = max(1, round(share * height))
    top = round(place * (height - size))
    made = image.copy()
    made[top : top + size] = 0
    return made
