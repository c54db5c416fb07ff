"""Codes on the plane, steady from one moment of the training to the next."""

import numpy as np
from numpy.typing import NDArray

# Beyond this many units all directions cost much more than the two that are wanted.
MOST_UNITS_WHOLE = 128


def plane(
    codes: NDArray[np.float32], previous: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
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
    # A diverging run has codes that are no numbers for some steps, until it is stopped.
    codes = np.nan_to_num(codes, posinf=0, neginf=0)
    if codes.shape[1] == 2:
        return codes
    if codes.shape[1] == 1:
        return np.column_stack([codes[:, 0], np.zeros(len(codes), np.float32)])
    centred = codes.astype(np.float64) - codes.mean(0, dtype=np.float64)
    points = centred @ _principal_axes(centred)
    if previous is not None and len(previous) == len(points):
        points = align(points, previous)
    return np.asarray(points, np.float32)


def _principal_axes(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the two directions of largest variance, of shape (bottleneck, 2)."""
    units = centred.shape[1]
    if units <= MOST_UNITS_WHOLE or len(centred) <= 2 or not centred.any():
        axes = np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1]
    else:
        from scipy.sparse.linalg import svds

        # Not all ones: centred codes may be orthogonal to that, and then nothing is found.
        start = np.random.default_rng(0).standard_normal(min(centred.shape))
        axes = svds(centred, 2, v0=start, return_singular_vectors="vh")[2][::-1].T
    signs = np.sign(axes[np.abs(axes).argmax(0), [0, 1]])
    return np.asarray(axes * signs)


def align(points: NDArray[np.float64], previous: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rotate and reflect centred points onto earlier ones, keeping all distances.

    Schoenemann, P. (1966). A generalized solution of the orthogonal Procrustes problem.

    Parameters
    ----------
    points, previous : ndarray of shape (n, 2)
    """
    left, _, right = np.linalg.svd(points.T @ (previous - previous.mean(0)))
    return np.asarray(points @ left @ right)
