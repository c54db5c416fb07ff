"""Project codes onto a plane, stable over the steps of training, and invert the projection."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError
from aecore.imports import importing
from aecore.maps import umap_tsne

Method = Literal["direct", "pca", "umap", "tsne"]
METHODS: tuple[Method, ...] = get_args(Method)

# Beyond this many units, all eigenvectors cost much more than the two that are needed.
MOST_UNITS_FULL = 128
# With fewer codes, maps by UMAP and t-SNE are meaningless.
FEWEST = 16
NEAREST = 8
# So small that at the exact place of a point, its own code gets nearly all the weight.
TINY = 1e-9

Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Projection:
    """A map of codes.

    Attributes
    ----------
    method : {"direct", "pca", "umap", "tsne"}
    points : ndarray of shape (n, 2), float32
        Positions of the codes on the map.
    codes : ndarray of shape (n, bottleneck), float32
        All finite.
    origin : ndarray of shape (bottleneck,), float32, or None
    basis : ndarray of shape (2, bottleneck), float32, or None
        For linear maps: the code at a place is ``origin + place @ basis``. The rows are
        orthonormal; for a single unit, the second row is zero.
    """

    method: Method
    points: Array
    codes: Array
    origin: Array | None = None
    basis: Array | None = None

    @property
    def shows_code(self) -> bool:
        """Whether the map is the code itself, perhaps rotated: a linear map of one or two units."""
        return self.basis is not None and self.codes.shape[1] <= 2

    def invert(self, points: NDArray[np.floating]) -> Array:
        """Return the codes at places on the map.

        Exact for linear maps. Otherwise the weighted mean of the codes of the 8 nearest points (of
        all, if there are fewer) with weights ``1 / (squared distance + 1e-9 * extent**2)``, where
        extent is the longer side of the points' bounding box, or 1 if that is zero.

        Parameters
        ----------
        points : ndarray of shape (m, 2)

        Returns
        -------
        ndarray of shape (m, bottleneck), float32
        """
        if self.origin is not None and self.basis is not None:
            return np.asarray(self.origin + points @ self.basis, np.float32)
        with importing:
            from scipy.spatial import KDTree

        extent = float(np.ptp(self.points, axis=0).max()) or 1.0
        count = min(NEAREST, len(self.points))
        # A list keeps the axis of neighbours even if there is only one.
        distances, nearest = KDTree(self.points).query(points, k=list(range(1, count + 1)))
        weights = 1 / (distances**2 + TINY * extent**2)
        weights /= weights.sum(1, keepdims=True)
        return np.asarray((weights[..., None] * self.codes[nearest]).sum(1), np.float32)

    def transform(self, codes: NDArray[np.floating]) -> Array:
        """Place other codes on this map; only for linear maps.

        Parameters
        ----------
        codes : ndarray of shape (m, bottleneck)

        Returns
        -------
        ndarray of shape (m, 2), float32

        Raises
        ------
        DataError
            If the map is not linear.
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
    """Map codes to a plane.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
        Values that are not finite count as zero.
    method : {"direct", "pca", "umap", "tsne"}
        Two units of the code, the first two principal components, or a layout that preserves
        neighbourhoods.
    previous : Projection, optional
        An earlier map of the same images. The new map is rotated to match it, and UMAP and t-SNE
        start from it, so that points move little. Ignored if the number of images differs.
    units : tuple of two int
        The units shown by a direct map. The inverse sets the others to their mean.
    seed : int
        Equal arguments give equal maps, bit for bit.
    quick : bool
        For UMAP and t-SNE: use few epochs, for a map to watch during training. From a `previous`
        map by the same method, it is a small update.
    progress : callable, optional
        Called with the completed share, in [0, 1].

    Returns
    -------
    Projection

    Raises
    ------
    DataError
        If `units` are not two different units of the code, or if there are fewer than 16 distinct
        codes for UMAP or t-SNE.
    """
    codes = finite(codes)
    if previous is not None and len(previous.points) != len(codes):
        previous = None
    if method == "direct":
        return _direct(codes, units)
    if method == "pca":
        return _principal(codes, previous)
    distinct = _count_distinct(codes)
    if distinct < FEWEST:
        raise DataError(
            "A {method} map needs at least {fewest} distinct codes; there are {differ}.",
            method={"umap": "UMAP", "tsne": "t-SNE"}[method],
            fewest=FEWEST,
            differ=distinct,
        )
    warm_start = previous is not None and previous.method == method
    start = previous if previous is not None and warm_start else _principal(codes, previous)
    layout = umap_tsne.umap if method == "umap" else umap_tsne.tsne
    points = layout(
        codes,
        start.points.astype(np.float64),
        seed=seed,
        quick=quick,
        warm_start=warm_start,
        progress=progress or (lambda _: None),
    )
    points -= points.mean(0)
    return Projection(method, np.asarray(align(points, start.points), np.float32), codes)


def finite(codes: NDArray[np.floating]) -> Array:
    """Replace values that are not finite by zero.

    The codes of a diverging run are not finite for some steps, until it is stopped.
    """
    return np.nan_to_num(np.asarray(codes, np.float32), posinf=0, neginf=0)


def _count_distinct(codes: Array) -> int:
    """Count the distinct codes of a sample, or of all codes where the sample has too few."""
    sample = np.random.default_rng(0).permutation(len(codes))[: 64 * FEWEST]
    count = len(np.unique(codes[sample], axis=0))
    return count if count >= FEWEST else len(np.unique(codes, axis=0))


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
    directions = _principal_axes(codes - origin)
    axes[:, : directions.shape[1]] = directions
    points = (codes - origin) @ axes
    if previous is not None:
        rotation = _procrustes_rotation(points, previous.points)
        points, axes = points @ rotation, axes @ rotation
    arrays = (np.asarray(each, np.float32) for each in (points, codes, origin, axes.T))
    return Projection("pca", *arrays)


def plane(codes: Array, previous: Array | None = None) -> Array:
    """Project codes linearly onto a plane: a two-unit code as it is, any other by PCA.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), float32
    previous : ndarray of shape (n, 2), float32, optional
        Earlier positions of the same images; the plane is rotated so that points move least.

    Returns
    -------
    ndarray of shape (n, 2), float32
        For a single unit, all points lie on a line.
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
    if units <= MOST_UNITS_FULL or len(centred) <= 2 or not centred.any():
        axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    else:
        with importing:
            from scipy.sparse.linalg import svds

        # Not a vector of ones: centred codes may be orthogonal to it, and the search would fail.
        start = np.random.default_rng(0).standard_normal(min(centred.shape))
        axes = svds(centred, 2, v0=start, return_singular_vectors="vh")[2][::-1].T
    signs = np.sign(axes[np.abs(axes).argmax(0), range(axes.shape[1])])
    return np.asarray(axes * signs)


def align(points: NDArray[np.float64], previous: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rotate and reflect centred points to match earlier ones, preserving all distances.

    Schoenemann, P. (1966). A generalized solution of the orthogonal Procrustes problem.

    Parameters
    ----------
    points, previous : ndarray of shape (n, 2)
    """
    return np.asarray(points @ _procrustes_rotation(points, previous))


def _procrustes_rotation(
    points: NDArray[np.float64], previous: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return the orthogonal matrix of shape (2, 2) that `align` multiplies by."""
    left, _, right = np.linalg.svd(points.T @ (previous - previous.mean(0)))
    return np.asarray(left @ right)
