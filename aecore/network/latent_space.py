"""Walks through code space: what lies at a place, between two, and around one."""

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


def path(codes: Array, steps: int) -> Array:
    """Return codes on the straight lines from one to the next, evenly spaced on each.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), n >= 2
    steps : int
        On each line, its end not counted.

    Returns
    -------
    ndarray of shape ((n - 1) * steps + 1, bottleneck), float32
    """
    share = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[None, :, None]
    lines = codes[:-1, None] * (1 - share) + codes[1:, None] * share
    return np.concatenate([lines.reshape(-1, codes.shape[1]), codes[-1:]]).astype(np.float32)


def folding(
    model: Autoencoder,
    origin: NDArray[np.floating],
    basis: NDArray[np.floating],
    places: NDArray[np.floating],
) -> Array:
    """Return how fast the image changes with the place on a plane in code space.

    That is the Frobenius norm of the decoder's Jacobian along the plane: where it is high, the
    manifold is folded or stretched, and neighbours on the map are not alike.

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
        Grey levels in [0, 1], summed by squares over pixels, per unit of length on the map.
    """
    axes = torch.as_tensor(basis, dtype=torch.float32)
    squares = [
        torch.stack([_slope(model, part, axis.expand_as(part)).square().sum(1) for axis in axes])
        for part in _parts(origin + places @ basis)
    ]
    return np.asarray(torch.cat(squares, 1).sum(0).sqrt())


def unit_pictures(model: Autoencoder, code: Array) -> Array:
    """Return what each unit adds to the image: the decoder's Jacobian at a code.

    For a decoder of one layer without a nonlinearity these are its weights.

    Parameters
    ----------
    model : Autoencoder
    code : ndarray of shape (bottleneck,)

    Returns
    -------
    ndarray of shape (bottleneck, height, width), float32
    """
    at = torch.as_tensor(code, dtype=torch.float32)
    units = _parts(np.eye(len(code), dtype=np.float32))
    return _pictures(model, torch.cat([_slope(model, at.expand_as(unit), unit) for unit in units]))


def spread(codes: Array) -> NDArray[np.intp]:
    """Return the units of codes, those that vary most first."""
    return np.argsort(-codes.std(0), kind="stable")


def exciting(codes: Array, unit: int, count: int) -> NDArray[np.intp]:
    """Return the rows of the codes in which a unit's size is largest, the largest first."""
    return np.argsort(-np.abs(codes[:, unit]), kind="stable")[:count]


def nearest(
    rows: NDArray[np.floating], place: NDArray[np.floating], count: int
) -> NDArray[np.intp]:
    """Return the rows nearest to a place, the nearest first.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    place : ndarray of shape (d,)
    count : int
    """
    return np.argsort(np.square(rows - place).sum(1), kind="stable")[:count]


def _parts(codes: NDArray[np.floating]) -> Iterator[Tensor]:
    whole = torch.from_numpy(np.asarray(codes, np.float32))
    for start in range(0, len(whole), CHUNK):
        yield whole[start : start + CHUNK]


def _slope(model: Autoencoder, codes: Tensor, towards: Tensor) -> Tensor:
    """Return the derivative of the images by codes in a direction, of shape (n, pixels)."""
    _, slope = jvp(model.decode, codes, towards)  # type: ignore[no-untyped-call]
    return cast("Tensor", slope)


def _pictures(model: Autoencoder, images: Tensor) -> Array:
    return images.reshape(-1, *model.shape).numpy()
