"""Quality of a map: how well it preserves neighbourhoods and separates classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.images import Images
from aecore.imports import importing
from aecore.maps.projection import Projection

# As in published results, for comparison.
NEIGHBOURS = 5
FOLDS = 5
# The eye takes in more points around a point than its five nearest.
AROUND = 10


@dataclass(frozen=True)
class Preservation:
    """How well a map preserves the neighbourhoods of a space; higher is better.

    Attributes
    ----------
    trustworthiness : float, in [0, 1]
        Whether neighbours on the map are neighbours in the space.
    continuity : float, in [0, 1]
        Whether neighbours in the space are neighbours on the map.
    """

    trustworthiness: float
    continuity: float


@dataclass(frozen=True)
class Quality:
    """How well a map preserves the neighbourhoods of images and of their codes.

    Attributes
    ----------
    count : int
        Number of points it was measured on.
    by_pixels : Preservation or None
        Compared with the images. None without images, and for fewer than 12 points.
    by_code : Preservation or None
        Compared with the codes. None for fewer than 12 points, and where the map shows the code
        itself: every such map would be perfect.
    neighbours_lost : float, in [0, 1], or None
        Mean distortion of the points; lower is better. None where the map shows the code itself.
    """

    count: int
    by_pixels: Preservation | None
    by_code: Preservation | None
    neighbours_lost: float | None


def quality(
    projection: Projection, images: Images | None = None, *, most: int = 2000, seed: int = 0
) -> Quality:
    """Measure how well a map preserves neighbourhoods.

    Parameters
    ----------
    projection : Projection
    images : ndarray of shape (n, height, width), optional
        The images at its points.
    most : int
        Maximum number of points; a random sample of more is used, since time and memory are
        quadratic. On fewer points the same map scores a little lower.
    seed : int
        Seed of that sample.

    Returns
    -------
    Quality
    """
    count = len(projection.points)
    sample = np.arange(count)
    if count > most:
        sample = np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
    codes, points = projection.codes[sample], projection.points[sample]
    pixels = None if images is None else images[sample].reshape(len(sample), -1)
    lost = by_code = None
    if not projection.shows_code:
        lost, by_code = float(distortion(codes, points).mean()), preservation(codes, points)
    by_pixels = None if pixels is None else preservation(pixels.astype(np.float32), points)
    return Quality(len(sample), by_pixels, by_code, lost)


def preservation(rows: NDArray[np.floating], points: NDArray[np.floating]) -> Preservation | None:
    """Compute the trustworthiness and continuity of a map, from five neighbours of each point.

    Venna, J. and Kaski, S. (2001). Neighborhood preservation in nonlinear projection methods: an
    experimental study. ICANN.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Places in the space that is mapped, all finite.
    points : ndarray of shape (n, 2)
        Their positions on the map.

    Returns
    -------
    Preservation or None
        None for fewer than 12 points.
    """
    with importing:
        from sklearn.manifold import trustworthiness

    if len(points) <= 2 * NEIGHBOURS + 1:
        return None
    return Preservation(
        float(trustworthiness(rows, points, n_neighbors=NEIGHBOURS)),
        float(trustworthiness(points, rows, n_neighbors=NEIGHBOURS)),
    )


def distortion(
    codes: NDArray[np.floating], points: NDArray[np.floating], around: int = AROUND
) -> NDArray[np.float32]:
    """Compute for each point the share of its neighbours that are lost on the map.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
        All finite.
    points : ndarray of shape (n, 2)
    around : int
        Number of nearest neighbours; n - 1 if that is smaller.

    Returns
    -------
    ndarray of shape (n,), float32, in [0, 1]
        0 for a single point.
    """
    count = min(around, len(codes) - 1)
    if count < 1:
        return np.zeros(len(codes), np.float32)
    # Each (point, neighbour) pair is encoded as one number, so that both lists can be intersected.
    pairs = [
        _nearest(each, count) + np.arange(len(codes))[:, None] * len(codes)
        for each in (codes, points)
    ]
    preserved = np.isin(pairs[0], pairs[1]).sum(1)
    return np.asarray(1 - preserved / count, np.float32)


def _nearest(places: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """Return the indices (n, count) of the nearest neighbours of each row, itself excluded."""
    with importing:
        from sklearn.neighbors import NearestNeighbors

    # In many dimensions a tree visits nearly every row, one at a time.
    algorithm = "kd_tree" if places.shape[1] <= 3 else "brute"
    search = NearestNeighbors(n_neighbors=count, algorithm=algorithm).fit(places)
    return np.asarray(search.kneighbors(return_distance=False), np.int64)


def knn_accuracy(
    points: NDArray[np.floating],
    labels: NDArray[np.integer],
    test_points: NDArray[np.floating],
    test_labels: NDArray[np.integer],
) -> float | None:
    """Compute the accuracy of a 5-nearest-neighbour classifier on other points of the map.

    Parameters
    ----------
    points, test_points : ndarray of shape (n, 2)
        Positions on the map: those the classifier is fitted to, and those it is tested on.
    labels, test_labels : ndarray of shape (n,), int
        -1 where unknown; such points are left out.

    Returns
    -------
    float, in [0, 1], or None
        None for fewer than five points or two classes to fit to, and for no points to test on.
    """
    with importing:
        from sklearn.neighbors import KNeighborsClassifier

    known, tested = labels >= 0, test_labels >= 0
    if known.sum() < NEIGHBOURS or len(np.unique(labels[known])) < 2 or not tested.any():
        return None
    classifier = KNeighborsClassifier(NEIGHBOURS).fit(points[known], labels[known])
    return float(classifier.score(test_points[tested], test_labels[tested]))


def cross_validated_accuracy(
    points: NDArray[np.floating], labels: NDArray[np.integer], *, seed: int = 0
) -> float | None:
    """Compute the accuracy of a 5-nearest-neighbour classifier by five-fold cross-validation.

    Parameters
    ----------
    points : ndarray of shape (n, 2)
        Positions on the map.
    labels : ndarray of shape (n,), int
        -1 where unknown; such points are left out.
    seed : int
        Seed of the folds.

    Returns
    -------
    float, in [0, 1], or None
        None for fewer than 25 points or two classes.
    """
    with importing:
        from sklearn.model_selection import KFold, cross_val_score
        from sklearn.neighbors import KNeighborsClassifier

    known = labels >= 0
    if known.sum() < FOLDS * NEIGHBOURS or len(np.unique(labels[known])) < 2:
        return None
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    classifier = KNeighborsClassifier(NEIGHBOURS)
    return float(cross_val_score(classifier, points[known], labels[known], cv=folds).mean())
