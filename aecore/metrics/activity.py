"""Activity of the units of a code."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ACTIVE_SHARE_OF_LARGEST = 0.1


@dataclass(frozen=True, eq=False)
class Activity:
    """How much the units of a code speak.

    Attributes
    ----------
    mean : ndarray of shape (bottleneck,)
        Mean absolute activation.
    active : ndarray of shape (bottleneck,), in [0, 1]
        The share of images on which a unit is active.
    dead : ndarray of shape (bottleneck,), bool
        Units active on no image.
    """

    mean: NDArray[np.float64]
    active: NDArray[np.float64]
    dead: NDArray[np.bool_]


def activity(codes: NDArray[np.float32]) -> Activity:
    """Measure the activity of each unit.

    A unit counts as active on an image where its size is more than a tenth of the largest in all
    the codes, the very largest thousandth left out.

    Parameters
    ----------
    codes : ndarray of shape (n, bottleneck), float32

    Returns
    -------
    Activity
    """
    size = np.abs(codes)
    largest = float(np.quantile(size, 0.999, method="higher"))
    active = (size > ACTIVE_SHARE_OF_LARGEST * largest).mean(0)
    return Activity(size.mean(0, dtype=np.float64), active, active == 0)
