"""Measures of reconstruction quality."""

import numpy as np
from numpy.typing import NDArray

from aecore.imports import importing

WINDOW = 7
# One grey level: the smallest norm that images are divided by, as black ones have none.
DARKEST = 1 / 255


def psnr(truth: NDArray[np.float32], images: NDArray[np.float32]) -> float:
    """Compute the peak signal-to-noise ratio in dB, from the mean squared error of all images.

    Parameters
    ----------
    truth, images : ndarray of shape (n, height, width), float32 in [0, 1]

    Returns
    -------
    float
        Infinite if the images are equal.
    """
    # The import takes seconds, and training does not need it.
    with importing:
        from skimage.metrics import peak_signal_noise_ratio

    if np.array_equal(truth, images):
        return float("inf")
    return float(peak_signal_noise_ratio(truth, images, data_range=1))  # type: ignore[no-untyped-call]


def ssim(truth: NDArray[np.float32], images: NDArray[np.float32]) -> float:
    """Compute the mean structural similarity of images; 1 if they are equal.

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
    with importing:
        from skimage.metrics import structural_similarity

    side = min(WINDOW, *truth.shape[1:])
    window = side - 1 + side % 2
    pairs = zip(truth, images, strict=True)
    each = [structural_similarity(*pair, data_range=1, win_size=window) for pair in pairs]  # type: ignore[no-untyped-call]
    return float(np.mean(each))


def errors(
    images: NDArray[np.floating], reconstruction: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Compute the mean squared error of each image, of shape (n,)."""
    rows = (each.reshape(len(each), -1).astype(np.float64) for each in (images, reconstruction))
    first, second = rows
    return np.asarray(np.square(first - second).mean(1), np.float64)


def relative_errors(
    images: NDArray[np.floating], reconstruction: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Compute the mean squared error of each image over the root mean square of its pixels.

    The more ink an image has, the larger is its squared error, whatever it shows.

    Parameters
    ----------
    images, reconstruction : ndarray of shape (n, ...), float in [0, 1]

    Returns
    -------
    ndarray of shape (n,), float64
        A root mean square below 1/255, such as that of a black image, is taken for 1/255.
    """
    norms = np.sqrt(errors(images, np.zeros_like(images)))
    return errors(images, reconstruction) / np.maximum(norms, DARKEST)
