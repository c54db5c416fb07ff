"""Measures of codes and reconstructions. Functions of arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW = 7
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


def psnr(truth: NDArray[np.float32], images: NDArray[np.float32]) -> float:
    """Return the peak signal to noise ratio in dB, from the mean squared error of all images.

    Parameters
    ----------
    truth, images : ndarray of shape (n, height, width), float32 in [0, 1]

    Returns
    -------
    float
        Infinite where they are equal.
    """
    # Importing it takes seconds, and a page that trains needs it not.
    from skimage.metrics import peak_signal_noise_ratio

    if np.array_equal(truth, images):
        return float("inf")
    return float(peak_signal_noise_ratio(truth, images, data_range=1))  # type: ignore[no-untyped-call]


def ssim(truth: NDArray[np.float32], images: NDArray[np.float32]) -> float:
    """Return the structural similarity, the mean over images; 1 where they are equal.

    Parameters
    ----------
    truth, images : ndarray of shape (n, height, width), float32 in [0, 1]

    Returns
    -------
    float in [-1, 1]

    References
    ----------
    Wang, Bovik, Sheikh and Simoncelli, "Image Quality Assessment", 2004.
    """
    from skimage.metrics import structural_similarity

    side = min(WINDOW, *truth.shape[1:])
    window = side - 1 + side % 2
    pairs = zip(truth, images, strict=True)
    each = [structural_similarity(*pair, data_range=1, win_size=window) for pair in pairs]  # type: ignore[no-untyped-call]
    return float(np.mean(each))
