"""Iterated reconstruction, and the response of a network to a change of the image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from aecore.runs.trained_model import TrainedModel

Array = NDArray[np.float32]

NEIGHBOURS = 5
TRAINING_IMAGES, HELD_OUT_IMAGES = 5000, 1000


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Successive reconstructions of an image.

    Attributes
    ----------
    images : ndarray of shape (passes + 1, height, width), float32 in [0, 1]
        The input, followed by its reconstructions.
    codes : ndarray of shape (passes + 1, bottleneck), float32
        The codes of these images.
    changes : ndarray of shape (passes,), float64
        Root mean square change of each pass, for pixels in [0, 1].
    """

    images: Array
    codes: Array
    changes: NDArray[np.float64]


def iterate(network: TrainedModel, image: Array, passes: int) -> Trajectory:
    """Reconstruct an image repeatedly, feeding each reconstruction back as the next input.

    Parameters
    ----------
    network : TrainedModel
    image : ndarray of shape (height, width), float32 in [0, 1]
    passes : int
        Number of reconstructions.

    Returns
    -------
    Trajectory
    """
    images = [image.astype(np.float32)]
    for _ in range(passes):
        images.append(network.reconstruct(images[-1][None])[0])
    strip = np.stack(images)
    changes = np.sqrt(np.square(np.diff(strip.astype(np.float64), axis=0)).mean((1, 2)))
    return Trajectory(strip, network.encode(strip), changes)


@dataclass(frozen=True, eq=False)
class ChangeResponse:
    """Response of a network to a change of the image.

    Attributes
    ----------
    change, retained, removed : ndarray of shape (height, width), float32 in [-1, 1]
        The change, the part of it in the reconstruction, and the rest:
        ``change = retained + removed``.
    share : float
        Share of the change that is retained, by projection onto the change: 0 if it is undone,
        1 if it stays.
    """

    change: Array
    retained: Array
    removed: Array
    share: float


def change_response(network: TrainedModel, clean: Array, changed: Array) -> ChangeResponse:
    """Split a change of an image into what the reconstruction retains and what it removes.

    Parameters
    ----------
    network : TrainedModel
    clean, changed : ndarray of shape (height, width), float32 in [0, 1]

    Returns
    -------
    ChangeResponse
        The reconstruction of the changed image is compared with that of the clean image, so that
        errors common to both cancel.
    """
    before, after = network.reconstruct(np.stack([clean, changed]).astype(np.float32))
    change, retained = changed - clean, after - before
    size = float(np.square(change).sum())
    share = float((retained * change).sum()) / size if size else 1.0
    return ChangeResponse(change, retained, change - retained, share)


class CodeDistance:
    """Distance of codes to those of the training images.

    Parameters
    ----------
    network : TrainedModel

    Attributes
    ----------
    held_out : ndarray of shape (n,), float64
        Distances of held-out images, in ascending order.
    """

    def __init__(self, network: TrainedModel) -> None:
        codes = network.encode(network.images[:TRAINING_IMAGES])
        count = min(NEIGHBOURS, len(codes))
        self._neighbours = NearestNeighbors(n_neighbors=count).fit(codes)
        images = network.training_subset.test_images[:HELD_OUT_IMAGES]
        self.held_out = np.sort(self.distance(network.encode(images)))

    def distance(self, codes: Array) -> NDArray[np.float64]:
        """Return the mean distances (n,) of codes (n, bottleneck) to their five nearest."""
        return np.asarray(self._neighbours.kneighbors(codes)[0].mean(1), np.float64)

    def rank(self, codes: Array) -> NDArray[np.float64]:
        """Return the share of held-out images that are nearer, of shape (n,), in [0, 1]."""
        places = np.searchsorted(self.held_out, self.distance(codes))
        return np.asarray(places / len(self.held_out), np.float64)


def with_stroke(image: Array, angle: float) -> Array:
    """Add a stroke through the centre of an image, at an angle in degrees."""
    height, width = image.shape
    y, x = np.mgrid[:height, :width]
    angle = np.deg2rad(angle)
    distance = (x - (width - 1) / 2) * np.sin(angle) + (y - (height - 1) / 2) * np.cos(angle)
    half = max(1.2, 1.5 * max(height, width) / 28)
    stroke = np.clip(half - abs(distance), 0, 1)
    return np.asarray(np.maximum(image, stroke), np.float32)


def with_gap(image: Array, place: float, share: float = 0.3) -> Array:
    """Erase a horizontal band of an image, at a place from 0 (top) to 1 (bottom)."""
    height = image.shape[0]
    size = max(1, round(share * height))
    top = round(place * (height - size))
    erased = image.copy()
    erased[top : top + size] = 0
    return erased
