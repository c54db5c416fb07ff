"""Iterated reconstruction, and the response of a network and of PCA to a change of the image."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from aecore.config import Config
from aecore.images import Images
from aecore.presets import preset
from aecore.runs.trained_model import TrainedModel

Array = NDArray[np.float32]
Reconstruct = Callable[[Images], NDArray[np.floating]]

PASSES, PLACE = 2, 0.75
"""Passes, and place of the patch that is erased, unless a person chooses others.

A network that repairs is nearest to the original after one or two passes; in twenty, images drift
to others. `benchmarks/changes.py` measures it.
"""

REPAIR: Mapping[str, Any] = {"bottleneck": 32, "noise_kind": "masking", "noise": 0.3}
"""Settings of a network that repairs images: in training, it is to fill in erased pixels."""

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
    """What a reconstruction makes of a change of the image.

    With the change ``c`` and the difference ``r`` between the last reconstructions of the changed
    and the clean image, let ``a = clip(<r, c> / <c, c>, 0, 1)``. Then::

        removed = (1 - a) c     the part of the change that is undone
        kept    = a c           the part of the change that stays
        other   = r - a c       what appears instead of the change

    so ``change = removed + kept`` and ``r = kept + other``. For ``0 < a < 1``, `other` is
    orthogonal to the change, and the energies add up: ``|r|**2 = |kept|**2 + |other|**2``.

    Attributes
    ----------
    change, removed, kept, other : ndarray of shape (height, width), float32
    kept_share : float in [0, 1]
        ``a``; 1 if nothing was changed.
    other_size : float
        Root of the energy of `other` as a share of that of the change, ``|other| / |c|``, so that
        it compares with the shares of the other parts, ``|removed| / |c|`` and ``|kept| / |c|``;
        0 if nothing was changed.
    before, after : float
        Root mean square difference of the changed image, and of its last reconstruction, from the
        clean image itself, for pixels in [0, 1].
    """

    change: Array
    removed: Array
    kept: Array
    other: Array
    kept_share: float
    other_size: float
    before: float
    after: float

    @property
    def sizes(self) -> dict[str, float]:
        """Sizes of the parts by name, relative to the change; removed and kept add up to 1."""
        return {
            "removed": 1 - self.kept_share,
            "kept": self.kept_share,
            "other": self.other_size,
        }


def change_response(
    reconstruct: Reconstruct, clean: Array, changed: Array, passes: int = 1
) -> ChangeResponse:
    """Split a change of an image into what reconstruction removes, keeps and makes of it.

    Parameters
    ----------
    reconstruct : callable
        Maps images (n, height, width) to reconstructions with as many pixels, in [0, 1].
    clean, changed : ndarray of shape (height, width), float32 in [0, 1]
    passes : int
        Number of reconstructions, each of the one before.

    Returns
    -------
    ChangeResponse
        The reconstruction of the changed image is compared with that of the clean image, so that
        errors common to both cancel.
    """
    pair = np.stack([clean, changed]).astype(np.float32)
    result = pair
    for _ in range(passes):
        result = np.asarray(reconstruct(result), np.float32).reshape(pair.shape)
    change, response = (each[1].astype(np.float64) - each[0] for each in (pair, result))
    energy = float(np.square(change).sum())
    share = min(1.0, max(0.0, float((response * change).sum()) / energy)) if energy else 1.0
    other = response - share * change
    size = math.sqrt(float(np.square(other).sum()) / energy) if energy else 0.0
    parts = {
        "change": change,
        "removed": (1 - share) * change,
        "kept": share * change,
        "other": other,
    }
    images = {name: part.astype(np.float32) for name, part in parts.items()}
    before, after = (
        math.sqrt(float(np.square(each.astype(np.float64) - pair[0]).mean()))
        for each in (pair[1], result[1])
    )
    return ChangeResponse(**images, kept_share=share, other_size=size, before=before, after=after)


def repair_settings(dataset: str) -> Config:
    """Return the settings of a network that repairs images of a dataset."""
    return preset("stacked", dataset, **REPAIR)


def network_response(
    network: TrainedModel, clean: Array, changed: Array, passes: int = 1
) -> ChangeResponse:
    """Split a change of an image by the reconstructions of a network; see `change_response`."""
    return change_response(network.reconstruct, clean, changed, passes)


def pca_response(
    network: TrainedModel, clean: Array, changed: Array, passes: int = 1
) -> ChangeResponse:
    """Split a change of an image by those of PCA, with as many components as the network's code.

    Without clipping, PCA is an orthogonal projection: passes after the first change nothing, and
    ``other_size**2 = kept_share * (1 - kept_share)``.
    """
    return change_response(network.pca_reconstruct, clean, changed, passes)


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
