"""How well codes capture the factors that images were generated from."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from aecore.errors import DataError
from aecore.imports import importing

FEWEST = 50
FOLDS = 5
# Share of a standardised factor's variance assumed to be noise, which keeps the regression smooth.
NOISE = 0.3
MOST_PAIRED = 1000

Codes = NDArray[np.floating]
Factors = Mapping[str, NDArray[np.floating]]
Matrix = NDArray[np.float64]


def recovery(codes: Codes, factors: Factors, *, seed: int = 0) -> dict[str, float]:
    """Compute how much of each factor's variance can be predicted from the code.

    Each factor is predicted by a Gaussian process on the standardised units, with five-fold cross
    validation. Its rational quadratic kernel mixes all length scales, so that nothing needs tuning.

    A factor that is not visible in the images cannot be in the code: for upright strokes, rotation
    and slant look the same.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
    factors : mapping of str to ndarray of shape (n,)
    seed : int
        Seed of the assignment to folds.

    Returns
    -------
    dict of str to float
        The coefficient of determination R²: at most 1; about 0, or slightly negative for few codes,
        where the code carries no information; 0 for a constant factor.

    Raises
    ------
    DataError
        If there are fewer than 50 codes.

    References
    ----------
    Rasmussen, C. E. & Williams, C. K. I. (2006). Gaussian processes for machine learning, ch. 4.
    """
    with importing:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RationalQuadratic
        from sklearn.metrics import r2_score
        from sklearn.model_selection import KFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

    if not factors:
        return {}
    codes, truth = _checked(codes), np.column_stack([*factors.values()]).astype(np.float64)
    width = np.sqrt(codes.shape[1]) / 2
    process = GaussianProcessRegressor(
        RationalQuadratic(width), alpha=NOISE, optimizer=None, normalize_y=True
    )
    folds = KFold(FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(make_pipeline(StandardScaler(), process), codes, truth, cv=folds)
    scores = r2_score(truth, predicted.reshape(truth.shape), multioutput="raw_values")
    # A constant factor has no variance to explain.
    scores = np.where(np.ptp(truth, axis=0) > 0, scores, 0)
    return {name: float(score) for name, score in zip(factors, scores, strict=True)}


def distance_correlation(
    codes: Codes, factors: Factors, *, most: int = MOST_PAIRED, seed: int = 0
) -> dict[str, float]:
    """Compute the distance correlation between the codes and each factor.

    Unlike `recovery`, this fits no regression: it measures only whether images that differ in the
    factor lie apart in the latent space. The bias-corrected estimate of 2014 is used, since the
    plain estimate of 2007 grows with the width of the code even for independent variables.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck)
    factors : mapping of str to ndarray of shape (n,)
    most : int
        Maximum number of codes; a random sample of more is used, since all pairs are compared.
    seed : int
        Seed of that sample.

    Returns
    -------
    dict of str to float
        Distance correlation in [0, 1]; 0 if the codes or the factor are constant.

    Raises
    ------
    DataError
        If there are fewer than 50 codes.

    References
    ----------
    Szekely, G. J., Rizzo, M. L. & Bakirov, N. K. (2007). Measuring and testing dependence by
    correlation of distances.
    Szekely, G. J. & Rizzo, M. L. (2014). Partial distance correlation with methods for
    dissimilarities.
    """
    codes = _checked(codes)
    sample = np.random.default_rng(seed).permutation(len(codes))[:most]
    code_distances = _centred_distances(codes[sample])
    correlations = {}
    for name, factor in factors.items():
        distances = _centred_distances(factor[sample, None].astype(np.float64))
        covariance = float(np.vdot(code_distances, distances))
        scale = float(np.linalg.norm(code_distances) * np.linalg.norm(distances))
        correlations[name] = math.sqrt(max(0.0, covariance / scale)) if scale > 0 else 0.0
    return correlations


def _checked(codes: Codes) -> Matrix:
    """Return codes as finite float64; raise `DataError` if there are too few."""
    if len(codes) < FEWEST:
        raise DataError(
            "Measuring factors needs at least {fewest} codes; there are {count}.",
            fewest=FEWEST,
            count=len(codes),
        )
    # The codes of a diverging run are not finite for some steps, until it is stopped.
    return np.nan_to_num(codes.astype(np.float64), posinf=0, neginf=0)


def _centred_distances(points: Matrix) -> Matrix:
    """Return U-centred distances (n, n): each row sums to zero, the diagonal excluded."""
    with importing:
        from scipy.spatial.distance import pdist, squareform

    distances: Matrix = squareform(pdist(points))
    count = len(points)
    rows = distances.sum(0) / (count - 2)
    centred = distances - rows - rows[:, None] + rows.sum() / (count - 1)
    np.fill_diagonal(centred, 0)
    return np.asarray(centred)
