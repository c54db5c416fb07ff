"""Explore the latent space: interpolation, the decoder's sensitivity, and the effect of units."""

from collections.abc import Iterator
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.functional import jvp

from aecore.network.autoencoder import Autoencoder

Array = NDArray[np.float32]

CHUNK = 512
TINY = 1e-12


def interpolate(codes: Array, steps: int) -> Array:
    """Interpolate linearly between successive codes.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), n >= 2
    steps : int
        Number of codes on each line, its end excluded.

    Returns
    -------
    ndarray of shape ((n - 1) * steps + 1, bottleneck), float32
    """
    share = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    lines = codes[:-1, None] * (1 - share) + codes[1:, None] * share
    return np.concatenate([lines.reshape(-1, codes.shape[1]), codes[-1:]]).astype(np.float32)


def decoder_sensitivity(
    model: Autoencoder,
    origin: NDArray[np.floating],
    basis: NDArray[np.floating],
    places: NDArray[np.floating],
) -> Array:
    """Return how fast the decoded image changes along a plane in the latent space.

    This is the Frobenius norm of the decoder's Jacobian along the plane. Where it is high, the
    manifold is folded or stretched, and neighbours on the map look different.

    Parameters
    ----------
    model : Autoencoder
    origin : ndarray of shape (bottleneck,)
    basis : ndarray of shape (2, bottleneck)
        The code at a place is ``origin + place @ basis``.
    places : ndarray of shape (n, 2)

    Returns
    -------
    ndarray of shape (n,), float32
        Root of the summed squares of the change of pixels in [0, 1], per unit of length on the map.
    """
    axes = torch.as_tensor(basis, dtype=torch.float32)
    squares = [
        torch.stack([_slope(model, chunk, axis.expand_as(chunk)).square().sum(1) for axis in axes])
        for chunk in _chunks(origin + places @ basis)
    ]
    return np.asarray(torch.cat(squares, 1).sum(0).sqrt())


def unit_effects(model: Autoencoder, code: Array) -> Array:
    """Return the effect of each unit on the image: the decoder's Jacobian at a code.

    For a linear decoder of one layer these are its weights.

    Parameters
    ----------
    model : Autoencoder
    code : ndarray of shape (bottleneck,)

    Returns
    -------
    ndarray of shape (bottleneck, height, width), float32
    """
    at = torch.as_tensor(code, dtype=torch.float32)
    units = _chunks(np.eye(len(code), dtype=np.float32))
    slopes = torch.cat([_slope(model, at.expand_as(unit), unit) for unit in units])
    return slopes.reshape(-1, *model.shape).numpy()


def units_by_variance(codes: Array) -> NDArray[np.intp]:
    """Return the indices of the code's units, sorted by decreasing variance."""
    return np.argsort(-codes.std(0), kind="stable")


def top_activating(codes: Array, unit: int, count: int) -> NDArray[np.intp]:
    """Return the `count` rows in which a unit's magnitude is largest, the largest first."""
    return np.argsort(-np.abs(codes[:, unit]), kind="stable")[:count]


def nearest(
    rows: NDArray[np.floating], place: NDArray[np.floating], count: int
) -> NDArray[np.intp]:
    """Return the indices of the `count` rows nearest to a point, the nearest first.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    place : ndarray of shape (d,)
    count : int
    """
    return np.argsort(np.square(rows - place).sum(1), kind="stable")[:count]


def _chunks(codes: NDArray[np.floating]) -> Iterator[Tensor]:
    rows = torch.from_numpy(np.asarray(codes, np.float32))
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _slope(model: Autoencoder, codes: Tensor, direction: Tensor) -> Tensor:
    """Return the directional derivative of the decoded images, of shape (n, pixels)."""
    _, slope = jvp(model.decode, codes, direction)  # type: ignore[no-untyped-call]
    return cast("Tensor", slope)
