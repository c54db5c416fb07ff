"""A generated dataset of digits drawn as pen strokes, whose manifold is known.

An image is a function of its class and of `FACTORS` and nothing else: there is no noise, and only
one way to write each digit. Each class is a six-dimensional manifold, so how well a code captures
it can be measured.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aecore.data.dataset import Extent
from aecore.i18n import N_
from aecore.imports import importing

SIDE = 28
HEIGHT = 17.0
COUNT, HELD_OUT = 10_000, 2_000
EXTENT = Extent(COUNT, SIDE, SIDE)
CLASSES = tuple("0123456789")
# Line segments between two points of a curve; half a pixel long, they look smooth.
SEGMENTS = 4
# Number of images drawn at once, chosen to fit the processor's cache.
CHUNK = 64

Values = NDArray[np.float32]


class Factor(NamedTuple):
    """The range of a uniformly distributed factor, and its unit."""

    low: float
    high: float
    unit: str


FACTORS: Mapping[str, Factor] = {
    # A shear: vertical strokes lean to the right by this angle, horizontal ones stay horizontal.
    "slant": Factor(-20, 20, "degrees"),
    # Line width.
    "thickness": Factor(1.2, 3.2, "pixels"),
    # Scale of the skeleton; at 1 it is 17 pixels high.
    "size": Factor(0.8, 1.15, "ratio"),
    # Clockwise.
    "rotation": Factor(-15, 15, "degrees"),
    # Offset of the skeleton's centre from that of the image, to the right and downwards.
    "x": Factor(-2, 2, "pixels"),
    "y": Factor(-2, 2, "pixels"),
}

FACTOR_NAMES = (
    N_("slant"),
    N_("thickness"),
    N_("size"),
    N_("rotation"),
    N_("x"),
    N_("y"),
)
"""The keys of `FACTORS`, marked for translation."""

# Each stroke is a smooth curve through its points (x,y in hundredths of the height, y downwards);
# a sharp turn of the pen starts a new stroke.
SKELETONS: tuple[tuple[str, ...], ...] = (
    ("32,0 10,16 1,50 10,86 32,100 54,84 62,50 54,14 32,0",),
    ("0,24 16,14 28,0", "28,0 28,100"),
    ("2,24 10,7 30,0 52,8 57,30 45,54 22,80 0,100", "0,100 62,100"),
    ("2,14 12,3 30,0 49,7 53,25 44,41 22,47", "22,47 47,53 59,72 51,92 29,100 10,97 0,85"),
    ("40,0 20,36 -3,70", "-3,70 64,70", "47,38 47,100"),
    ("56,0 12,0", "12,0 7,44", "7,44 30,36 51,43 60,66 51,90 28,100 9,97 0,87"),
    ("48,0 24,20 7,46 1,72 8,92 30,100 50,92 57,72 48,54 30,48 12,55 2,72",),
    ("0,0 58,0", "58,0 40,38 28,68 22,100"),
    (
        "30,47 10,36 5,20 13,5 30,0 47,5 55,20 50,36 30,47 "
        "8,60 1,77 10,94 30,100 50,94 59,77 52,60 30,47",
    ),
    ("56,28 48,7 30,0 9,8 1,28 9,46 28,52 47,45 56,28", "56,28 53,62 40,100"),
)


def make(count: int = COUNT, held_out: int = HELD_OUT, seed: int = 0) -> dict[str, NDArray[Any]]:
    """Draw a dataset with balanced classes and independent factors.

    Parameters
    ----------
    count, held_out : int
        Number of training images and of held-out images.
    seed : int
        Equal arguments give equal images.

    Returns
    -------
    dict of str to ndarray
        ``images`` (count, 28, 28), uint8; ``labels`` (count,), int64; ``factors`` (6, count),
        float32, in the order and units of `FACTORS`; and the same for the held-out images, named
        ``test_images`` and so on.
    """
    random = np.random.default_rng(seed)
    arrays: dict[str, NDArray[Any]] = {}
    for prefix, size in (("", count), ("test_", held_out)):
        labels = random.permutation(np.arange(size, dtype=np.int64) % len(CLASSES))
        factors = np.array(
            [random.uniform(each.low, each.high, size) for each in FACTORS.values()], np.float32
        )
        arrays |= {
            f"{prefix}images": draw(labels, **dict(zip(FACTORS, factors, strict=True))),
            f"{prefix}labels": labels,
            f"{prefix}factors": factors,
        }
    return arrays


def draw(
    labels: NDArray[np.int64],
    *,
    slant: Values,
    thickness: Values,
    size: Values,
    rotation: Values,
    x: Values,
    y: Values,
) -> NDArray[np.uint8]:
    """Draw digits.

    Parameters
    ----------
    labels : ndarray of shape (n,), int64
        Digits, 0 to 9.
    slant, thickness, size, rotation, x, y : ndarray of shape (n,), float32
        In the units of `FACTORS`.

    Returns
    -------
    ndarray of shape (n, 28, 28), uint8
    """
    images = np.zeros((len(labels), SIDE, SIDE), np.uint8)
    frames = _frames(slant, size, rotation)
    centres = np.column_stack([x, y]).astype(np.float32) + (SIDE - 1) / 2
    for digit in np.unique(labels):
        (rows,) = np.nonzero(labels == digit)
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            ends = skeleton(int(digit)) @ frames[chunk, None] + centres[chunk, None, None]
            distance = _distance(ends)
            # Antialiasing: the coverage of a pixel falls linearly across the edge of the line.
            ink = (thickness[chunk, None, None] / 2 - distance + 0.5).clip(0, 1)
            images[chunk] = np.rint(255 * ink)
    return images


def _frames(slant: Values, size: Values, rotation: Values) -> NDArray[np.float32]:
    """Return the matrices (n, 2, 2) that map points, as rows, from the skeleton to pixels."""
    angle = np.radians(rotation)
    shear = -np.tan(np.radians(slant))
    one, zero = np.ones_like(shear), np.zeros_like(shear)
    shears = np.array([[one, zero], [shear, one]])
    rotations = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    frames = np.einsum("abn,bcn,n->nac", shears, rotations, HEIGHT * size)
    return np.asarray(frames, np.float32)


@cache
def skeleton(digit: int) -> NDArray[np.float32]:
    """Return the line segments of a digit, centred and with a height of 1.

    Returns
    -------
    ndarray of shape (segments, 2, 2), float32
        Both ends of each segment as (x, y), y downwards.
    """
    strokes = [_curve(stroke) for stroke in SKELETONS[digit]]
    points = np.concatenate(strokes)
    centre = (points.min(0) + points.max(0)) / 2
    segments = [np.stack([line[:-1], line[1:]], 1) - centre for line in strokes]
    return (np.concatenate(segments) / np.ptp(points[:, 1])).astype(np.float32)


def _curve(stroke: str) -> NDArray[np.float64]:
    """Return points along a smooth curve through the points of a stroke; loops close smoothly."""
    with importing:
        from scipy.interpolate import CubicSpline

    points = np.array([point.split(",") for point in stroke.split()], np.float64)
    if len(points) == 2:
        return points
    # Centripetal: the square root of the distance keeps the curve from overshooting.
    steps = np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1))
    at = np.concatenate([[0], np.cumsum(steps)])
    closed = bool((points[0] == points[-1]).all())
    spline = CubicSpline(at, points, bc_type="periodic" if closed else "natural")
    fine = np.interp(np.arange(0, len(at) - 1 + 1e-9, 1 / SEGMENTS), np.arange(len(at)), at)
    return np.asarray(spline(fine))


def _distance(ends: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the distance of each pixel to the nearest line segment.

    Parameters
    ----------
    ends : ndarray of shape (n, segments, 2, 2), float32
        In pixels.

    Returns
    -------
    ndarray of shape (n, 28, 28), float32
        In pixels.
    """
    grid = np.arange(SIDE, dtype=np.float32)
    centre, vector = ends.mean(2), ends[:, :, 1] - ends[:, :, 0]
    length = np.linalg.norm(vector, axis=2, keepdims=True)
    direction = vector / length
    nearest = np.full((len(ends), SIDE, SIDE), np.inf, np.float32)
    for segment in range(ends.shape[1]):
        right, down = ((grid - centre[:, segment, axis, None]) for axis in (0, 1))
        dx, dy = direction[:, segment, :1], direction[:, segment, 1:]
        across = (right * -dy)[:, None, :] + (down * dx)[:, :, None]
        along = np.abs((right * dx)[:, None, :] + (down * dy)[:, :, None])
        along -= length[:, segment, None] / 2
        np.maximum(along, 0, out=along)
        across *= across
        along *= along
        across += along
        np.minimum(nearest, across, out=nearest)
    return np.sqrt(nearest)
