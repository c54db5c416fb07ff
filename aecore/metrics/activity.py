"""Activity of the code's units."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ACTIVE_SHARE_OF_LARGEST = 0.1


@dataclass(frozen=True, eq=False)
class Activity:
    """How active the units of a code are.

    Attributes
    ----------
    mean : ndarray of shape (bottleneck,)
        Mean absolute activation.
    active : ndarray of shape (bottleneck,), in [0, 1]
        Share of images for which the unit is active.
    dead : ndarray of shape (bottleneck,), bool
        Whether the unit is active for no image.
    """

    mean: NDArray[np.float64]
    active: NDArray[np.float64]
    dead: NDArray[np.bool_]


def activity(codes: NDArray[np.float32]) -> Activity:
    """Measure the activity of each unit.

    A unit counts as active for an image where its magnitude exceeds a tenth of the 99.9th
    percentile of all magnitudes.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), float32

    Returns
    -------
    Activity
    """
    magnitude = np.abs(codes)
    largest = float(np.quantile(magnitude, 0.999, method="higher"))
    active = (magnitude > ACTIVE_SHARE_OF_LARGEST * largest).mean(0)
    return Activity(magnitude.mean(0, dtype=np.float64), active, active == 0)
