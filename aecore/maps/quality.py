"""Quality of a map: how well it preserves neighbourhoods, overall and for each point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aecore.imports import importing

# As in published results, for comparison.
NEIGHBOURS = 5
FOLDS = 5
# The eye takes in more points around a point than its five nearest.
AROUND = 10


@dataclass(frozen=True, eq=False)
class Quality:
    """Quality of a map. Higher is better, except for the distortion.

    Attributes
    ----------
    trustworthiness : float, in [0, 1], or None
        Whether neighbours on the map are neighbours in the latent space. None for fewer than 12
        points.
    continuity : float, in [0, 1], or None
        Whether neighbours in the latent space are neighbours on the map. None for fewer than 12
        points.
    knn_accuracy : float, in [0, 1], or None
        Accuracy of a 5-nearest-neighbour classifier on the map, by five-fold cross validation.
        None without labels and for fewer than 25 points.
    distortion : ndarray of shape (n,), in [0, 1]
        For each point, the share of its ten nearest neighbours in the latent space that are not
        among its ten nearest on the map.
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
    """Measure the quality of a map.

    Venna, J. and Kaski, S. (2001). Neighborhood preservation in nonlinear projection methods: an
    experimental study. ICANN.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
        All finite.
    points : ndarray of shape (n, 2)
        Positions of the codes on the map.
    labels : ndarray of shape (n,), int, optional
    most : int
        Maximum number of points for trustworthiness and continuity; a random sample of more is
        used, since their cost is quadratic. On fewer points the same map scores a little lower.
    seed : int
        Seed of that sample and of the folds.

    Returns
    -------
    Quality
    """
    with importing:
        from sklearn.manifold import trustworthiness

    sample: NDArray[np.int64] | slice = slice(None)
    if len(codes) > most:
        sample = np.random.default_rng(seed).choice(len(codes), most, replace=False)
    some_codes, some_points = codes[sample], points[sample]
    trust = continuity = None
    if len(some_codes) > 2 * NEIGHBOURS + 1:
        trust = float(trustworthiness(some_codes, some_points, n_neighbors=NEIGHBOURS))
        continuity = float(trustworthiness(some_points, some_codes, n_neighbors=NEIGHBOURS))
    accuracy = None if labels is None else _knn_accuracy(points, labels, seed)
    return Quality(trust, continuity, accuracy, distortion(codes, points))


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


def _knn_accuracy(
    points: NDArray[np.floating], labels: NDArray[np.integer], seed: int
) -> float | None:
    with importing:
        from sklearn.model_selection import KFold, cross_val_score
        from sklearn.neighbors import KNeighborsClassifier

    if len(points) < FOLDS * NEIGHBOURS:
        return None
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_score(KNeighborsClassifier(NEIGHBOURS), points, labels, cv=folds)
    return float(scores.mean())
