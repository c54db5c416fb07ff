"""Codes on the plane, steady from one moment of the training to the next, and back to codes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError
from aecore.maps import umap_tsne

Method = Literal["direct", "pca", "umap", "tsne"]
METHODS: tuple[Method, ...] = get_args(Method)

# Beyond this many units all directions cost much more than the two that are wanted.
MOST_UNITS_WHOLE = 128
# Of fewer codes UMAP and t-SNE have nothing to say.
FEWEST = 16
NEAREST = 8
# At a point's own place this lets the point speak nearly alone.
TINY = 1e-9

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Projection:
    """A map of codes.

    Attributes
    ----------
    method : {"direct", "pca", "umap", "tsne"}
    points : ndarray of shape (n, 2), float32
        Where the codes lie.
    codes : ndarray of shape (n, bottleneck), float32
        All finite.
    origin : ndarray of shape (bottleneck,), float32, or None
    basis : ndarray of shape (2, bottleneck), float32, or None
        Of a linear map: the code at a place is ``origin + place @ basis``. The rows are
        orthonormal; with one unit only, the second is zero.
    """

    method: Method
    points: Array
    codes: Array
    origin: Array | None = None
    basis: Array | None = None

    def invert(self, points: NDArray[np.floating]) -> Array:
        """Return the codes at places of the map.

        Exact where the map is linear. Elsewhere the mean of the codes of the 8 nearest points (of
        all, if they are fewer), each with weight ``1 / (squared distance + 1e-9 * extent**2)``,
        where extent is the larger side of the points' bounding box, or 1 if that is zero.

        Parameters
        ----------
        points : ndarray of shape (m, 2)

        Returns
        -------
        ndarray of shape (m, bottleneck), float32
        """
        if self.origin is not None and self.basis is not None:
            return np.asarray(self.origin + points @ self.basis, np.float32)
        from scipy.spatial import KDTree

        extent = float(np.ptp(self.points, axis=0).max()) or 1.0
        count = min(NEAREST, len(self.points))
        # A list, so that there is a column even of one neighbour.
        distances, nearest = KDTree(self.points).query(points, k=list(range(1, count + 1)))
        weights = 1 / (distances**2 + TINY * extent**2)
        weights /= weights.sum(1, keepdims=True)
        return np.asarray((weights[..., None] * self.codes[nearest]).sum(1), np.float32)

    def place(self, codes: NDArray[np.floating]) -> Array:
        """Return where other codes lie on this map; a map that is not linear has no answer.

        Parameters
        ----------
        codes : ndarray of shape (m, bottleneck)

        Returns
        -------
        ndarray of shape (m, 2), float32

        Raises
        ------
        DataError
            Where the map is not linear.
        """
        if self.origin is None or self.basis is None:
            raise DataError(
                "A {method} map can show only the codes it was computed from.", method=self.method
            )
        return np.asarray((finite(codes) - self.origin) @ self.basis.T, np.float32)


def project(
    codes: NDArray[np.floating],
    method: Method,
    *,
    previous: Projection | None = None,
    units: tuple[int, int] = (0, 1),
    seed: int = 0,
    quick: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Projection:
    """Return a map of codes.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
        What is no finite number counts as zero.
    method : {"direct", "pca", "umap", "tsne"}
        The code itself, its principal plane, or a layout that keeps neighbours together.
    previous : Projection, optional
        The map of the same images a moment ago; this one is turned, and UMAP and t-SNE start, so
        that they move least. One of another number of images is left out.
    units : tuple of two int
        The units that a direct map shows. The others are held at their mean on the way back.
    seed : int
        The same arguments give the same map, bit for bit.
    quick : bool
        For UMAP and t-SNE: a map to be watched while training goes on. Of `previous` by the same
        method it is a small step.
    progress : callable, optional
        Told the share that is done, in [0, 1].

    Returns
    -------
    Projection

    Raises
    ------
    DataError
        Where `units` are not two different units of the code; where UMAP or t-SNE is asked for
        fewer than 16 different codes.
    """
    codes = finite(codes)
    if previous is not None and len(previous.points) != len(codes):
        previous = None
    if method == "direct":
        return _direct(codes, units)
    if method == "pca":
        return _principal(codes, previous)
    differ = _count_different(codes)
    if differ < FEWEST:
        raise DataError(
            "A {method} map needs at least {fewest} distinct codes; there are {differ}.",
            method={"umap": "UMAP", "tsne": "t-SNE"}[method],
            fewest=FEWEST,
            differ=differ,
        )
    again = previous is not None and previous.method == method
    start = previous if previous is not None and again else _principal(codes, previous)
    lay_out = umap_tsne.umap if method == "umap" else umap_tsne.tsne
    points = lay_out(
        codes,
        start.points.astype(np.float64),
        seed=seed,
        quick=quick,
        again=again,
        progress=progress or (lambda _: None),
    )
    points -= points.mean(0)
    return Projection(method, np.asarray(align(points, start.points), np.float32), codes)


def finite(codes: NDArray[np.floating]) -> Array:
    """Return codes with zeros for what is no finite number.

    A diverging run has codes that are no numbers for some steps, until it is stopped.
    """
    return np.nan_to_num(np.asarray(codes, np.float32), posinf=0, neginf=0)


def _count_different(codes: Array) -> int:
    """Count different codes, as far as it matters whether they are enough."""
    some = np.random.default_rng(0).permutation(len(codes))[: 64 * FEWEST]
    found = len(np.unique(codes[some], axis=0))
    return found if found >= FEWEST else len(np.unique(codes, axis=0))


def _direct(codes: Array, units: tuple[int, int]) -> Projection:
    width = codes.shape[1]
    basis, origin = np.zeros((2, width), np.float32), codes.mean(0, dtype=np.float64)
    if width == 1:
        units, origin = (0, 0), np.zeros(1)
        basis[0] = 1
    elif units[0] == units[1] or not all(0 <= unit < width for unit in units):
        raise DataError(
            "Units {first} and {second} do not span a plane; choose two different ones, "
            "0 to {last}.",
            first=units[0],
            second=units[1],
            last=width - 1,
        )
    else:
        basis[[0, 1], units] = 1
        origin[list(units)] = 0
    return Projection("direct", codes @ basis.T, codes, origin.astype(np.float32), basis)


def _principal(codes: Array, previous: Projection | None) -> Projection:
    origin = codes.mean(0, dtype=np.float64)
    axes = np.zeros((codes.shape[1], 2))
    found = _principal_axes(codes - origin)
    axes[:, : found.shape[1]] = found
    points = (codes - origin) @ axes
    if previous is not None:
        turn = _turn(points, previous.points)
        points, axes = points @ turn, axes @ turn
    parts = (np.asarray(each, np.float32) for each in (points, codes, origin, axes.T))
    return Projection("pca", *parts)


def plane(codes: Array, previous: Array | None = None) -> Array:
    """Return where codes lie on a map: the code itself for two numbers, else its principal plane.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), float32
    previous : ndarray of shape (n, 2), float32, optional
        The same images' places a moment ago; the plane is turned so that they move least.

    Returns
    -------
    ndarray of shape (n, 2), float32
        A code of one number lies on a line.
    """
    codes = finite(codes)
    if codes.shape[1] <= 2:
        return _direct(codes, (0, 1)).points
    before = None
    if previous is not None and len(previous) == len(codes):
        before = Projection("pca", previous, codes)
    return _principal(codes, before).points


def _principal_axes(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two directions of largest variance, of shape (bottleneck, at most 2)."""
    units = centred.shape[1]
    if units <= MOST_UNITS_WHOLE or len(centred) <= 2 or not centred.any():
        axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    else:
        from scipy.sparse.linalg import svds

        # Not all ones: centred codes may be orthogonal to that, and then nothing is found.
        start = np.random.default_rng(0).standard_normal(min(centred.shape))
        axes = svds(centred, 2, v0=start, return_singular_vectors="vh")[2][::-1].T
    signs = np.sign(axes[np.abs(axes).argmax(0), range(axes.shape[1])])
    return np.asarray(axes * signs)


def align(points: NDArray[np.float64], previous: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rotate and reflect centred points onto earlier ones, keeping all distances.

    Schoenemann, P. (1966). A generalized solution of the orthogonal Procrustes problem.

    Parameters
    ----------
    points, previous : ndarray of shape (n, 2)
    """
    return np.asarray(points @ _turn(points, previous))


def _turn(points: NDArray[np.float64], previous: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the orthogonal matrix of shape (2, 2) that `align` multiplies by."""
    left, _, right = np.linalg.svd(points.T @ (previous - previous.mean(0)))
    return np.asarray(left @ right)
