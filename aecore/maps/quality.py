"""How true a map of codes is to them: as a whole, and point by point. Functions of arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# As in the published figures that maps are compared with.
NEIGHBOURS = 5
FOLDS = 5
# What a person sees around a point is more than its five nearest.
AROUND = 10


@dataclass(frozen=True, eq=False)
class Quality:
    """How true a map is. Higher is better, but for the distortion.

    Attributes
    ----------
    trustworthiness : float, in [0, 1], or None
        Whether neighbours on the map are neighbours in code space. None of fewer than 12 points.
    continuity : float, in [0, 1], or None
        Whether neighbours in code space are neighbours on the map.
    knn_accuracy : float, in [0, 1], or None
        How often the five nearest on the map tell a point's label, each point being left out of
        what is asked in one of five folds. None without labels, and of fewer than 25 points.
    distortion : ndarray of shape (n,), in [0, 1]
        For each point, the share of its ten nearest in code space that are not among its ten
        nearest on the map: 0 all kept, 1 all lost.
    """

    trustworthiness: float | None
    continuity: float | None
    knn_accuracy: float | None
    distortion: NDArray[np.float32]


def quality(
    codes: NDArray[np.floating],
    points: NDArray[np.floating],
    labels: NDArray[np.integer] | None = None,
    *,
    most: int = 2000,
    seed: int = 0,
) -> Quality:
    """Measure a map.

    Venna, J. and Kaski, S. (2001). Neighborhood preservation in nonlinear projection methods: an
    experimental study. ICANN.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
        All finite.
    points : ndarray of shape (n, 2)
        Where they lie on the map.
    labels : ndarray of shape (n,), int, optional
    most : int
        Of more points, trustworthiness and continuity are measured on that many, drawn at random:
        their time grows with the square. With fewer points the same map scores a little lower.
    seed : int
        Of that draw, and of the folds.

    Returns
    -------
    Quality
    """
    from sklearn.manifold import trustworthiness

    drawn: NDArray[np.int64] | slice = slice(None)
    if len(codes) > most:
        drawn = np.random.default_rng(seed).choice(len(codes), most, replace=False)
    some_codes, some_points = codes[drawn], points[drawn]
    trusted = continuous = None
    if len(some_codes) > 2 * NEIGHBOURS + 1:
        trusted = float(trustworthiness(some_codes, some_points, n_neighbors=NEIGHBOURS))
        continuous = float(trustworthiness(some_points, some_codes, n_neighbors=NEIGHBOURS))
    accuracy = None if labels is None else _knn_accuracy(points, labels, seed)
    return Quality(trusted, continuous, accuracy, distortion(codes, points))


def distortion(
    codes: NDArray[np.floating], points: NDArray[np.floating], around: int = AROUND
) -> NDArray[np.float32]:
    """Return for each point the share of its nearest in code space that the map has lost.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
        All finite.
    points : ndarray of shape (n, 2)
    around : int
        How many of the nearest are looked at; at most n - 1.

    Returns
    -------
    ndarray of shape (n,), float32, in [0, 1]
        Of one point, 0.
    """
    count = min(around, len(codes) - 1)
    if count < 1:
        return np.zeros(len(codes), np.float32)
    # Numbered as (point, neighbour), kept pairs are those that stand in both lists.
    pairs = [
        _nearest(each, count) + np.arange(len(codes))[:, None] * len(codes)
        for each in (codes, points)
    ]
    kept = np.isin(pairs[0], pairs[1]).sum(1)
    return np.asarray(1 - kept / count, np.float32)


def _nearest(places: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """Return the indices (n, count) of each place's nearest others."""
    from sklearn.neighbors import NearestNeighbors

    # In many dimensions a tree looks at nearly everything, one by one.
    algorithm = "kd_tree" if places.shape[1] <= 3 else "brute"
    search = NearestNeighbors(n_neighbors=count, algorithm=algorithm).fit(places)
    return np.asarray(search.kneighbors(return_distance=False), np.int64)


def _knn_accuracy(
    points: NDArray[np.floating], labels: NDArray[np.integer], seed: int
) -> float | None:
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    if len(points) < FOLDS * NEIGHBOURS:
        return None
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_score(KNeighborsClassifier(NEIGHBOURS), points, labels, cv=folds)
    return float(scores.mean())
