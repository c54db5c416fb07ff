"""How well codes know the factors that images were made from. Functions of arrays."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError

FEWEST = 50
FOLDS = 5
# How much of a standardised factor's variance is taken for noise, which keeps the map smooth.
NOISE = 0.3
MOST_PAIRED = 1000

Codes = NDArray[np.floating]
Factors = Mapping[str, NDArray[np.floating]]
Matrix = NDArray[np.float64]


def recovery(codes: Codes, factors: Factors, *, seed: int = 0) -> dict[str, float]:
    """Return how much of each factor's variance can be read from the code.

    Each factor is predicted, by a Gaussian process on the standardised units, from codes that it
    has not seen, in five parts by turns. Its rational quadratic kernel mixes all widths, so that
    nothing needs tuning.

    A factor that does not show in the images cannot be in the code: turning and slanting look alike
    where strokes are upright.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
    factors : mapping of str to ndarray of shape (n,)
    seed : int
        How the codes are cut into parts.

    Returns
    -------
    dict of str to float
        The coefficient of determination R²: at most 1; 0, or for few codes somewhat below, where
        the code knows nothing; 0 for a factor that does not vary.

    Raises
    ------
    DataError
        Where there are too few codes.

    References
    ----------
    Rasmussen, C. E. & Williams, C. K. I. (2006). Gaussian processes for machine learning, ch. 4.
    """
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RationalQuadratic
    from sklearn.metrics import r2_score
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if not factors:
        return {}
    codes, truth = _numbers(codes), np.column_stack([*factors.values()]).astype(np.float64)
    width = np.sqrt(codes.shape[1]) / 2
    process = GaussianProcessRegressor(
        RationalQuadratic(width), alpha=NOISE, optimizer=None, normalize_y=True
    )
    parts = KFold(FOLDS, shuffle=True, random_state=seed)
    found = cross_val_predict(make_pipeline(StandardScaler(), process), codes, truth, cv=parts)
    shares = r2_score(truth, found.reshape(truth.shape), multioutput="raw_values")
    # A factor that does not vary has no variance to be explained.
    known = np.where(np.ptp(truth, axis=0) > 0, shares, 0)
    return {name: float(share) for name, share in zip(factors, known, strict=True)}


def distance_correlation(
    codes: Codes, factors: Factors, *, most: int = MOST_PAIRED, seed: int = 0
) -> dict[str, float]:
    """Return how strongly distances between codes go with differences of each factor.

    Unlike `recovery` it asks for no map from one to the other, only whether images that differ in
    the factor lie apart in the code. Distances are centred without bias, since the plain estimate
    of 2007 grows with the length of the code even where nothing depends on anything.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
    factors : mapping of str to ndarray of shape (n,)
    most : int
        Of more codes than this a part is drawn, since all pairs are compared.
    seed : int
        Which part is drawn.

    Returns
    -------
    dict of str to float
        The distance correlation, 0 to 1; 0 where code or factor do not vary.

    Raises
    ------
    DataError
        Where there are too few codes.

    References
    ----------
    Szekely, G. J., Rizzo, M. L. & Bakirov, N. K. (2007). Measuring and testing dependence by
    correlation of distances.
    Szekely, G. J. & Rizzo, M. L. (2014). Partial distance correlation with methods for
    dissimilarities.
    """
    codes = _numbers(codes)
    chosen = np.random.default_rng(seed).permutation(len(codes))[:most]
    between = _centred_distances(codes[chosen])
    found = {}
    for name, factor in factors.items():
        apart = _centred_distances(factor[chosen, None].astype(np.float64))
        together = float(np.vdot(between, apart))
        alone = float(np.linalg.norm(between) * np.linalg.norm(apart))
        found[name] = math.sqrt(max(0.0, together / alone)) if alone > 0 else 0.0
    return found


def _numbers(codes: Codes) -> Matrix:
    if len(codes) < FEWEST:
        raise DataError(
            "Measuring factors needs at least {fewest} codes; there are {count}.",
            fewest=FEWEST,
            count=len(codes),
        )
    # A diverging run has codes that are no numbers for some steps, until it is stopped.
    return np.nan_to_num(codes.astype(np.float64), posinf=0, neginf=0)


def _centred_distances(points: Matrix) -> Matrix:
    """Return U-centred distances (n, n): rows add up to nothing, the diagonal left out."""
    from scipy.spatial.distance import pdist, squareform

    distances: Matrix = squareform(pdist(points))
    count = len(points)
    rows = distances.sum(0) / (count - 2)
    centred = distances - rows - rows[:, None] + rows.sum() / (count - 1)
    np.fill_diagonal(centred, 0)
    return np.asarray(centred)
