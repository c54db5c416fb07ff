"""Where a defect is: the reconstruction error beyond what is normal at each pixel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

from aecore.errors import DataError
from aecore.images import Images
from aecore.imports import importing
from aecore.network.inference import tensor
from aecore.runs.trained_model import TrainedModel

Maps = NDArray[np.float32]
Reconstruct = Callable[[Images], NDArray[np.floating]]

LEAST_NORMAL, MOST_NORMAL = 10, 2000
QUANTILE = 0.995
# Of the shorter side. More finds what differs faintly from images that vary much, as digits do;
# less draws sharper regions where normal images are all alike.
SMOOTHING = 1 / 40
GREY_LEVEL = 1 / 255


@dataclass(frozen=True, eq=False)
class DefectMap:
    """The normal reconstruction error at each pixel, and the threshold above which it is a defect.

    Attributes
    ----------
    reconstruct : callable
        Maps images (n, height, width) to reconstructions with as many pixels, in [0, 1].
    mean, deviation : ndarray of shape (height, width), float32
        Of the smoothed absolute error of normal images at each pixel.
    threshold : float
        In standard deviations.
    """

    reconstruct: Reconstruct
    mean: Maps
    deviation: Maps
    threshold: float

    def z_scores(self, images: Images) -> Maps:
        """Compute how far the error at each pixel lies above its normal mean.

        Parameters
        ----------
        images : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]

        Returns
        -------
        ndarray of shape (n, height, width), float32
            In standard deviations of the normal error at that pixel.
        """
        return (_errors(self.reconstruct, images) - self.mean) / self.deviation


def fit(reconstruct: Reconstruct, normal: Images) -> DefectMap:
    """Learn from normal images what error is normal at each pixel.

    A pixel that is poorly reconstructed in normal images too, such as an edge whose position
    varies, has to be much worse to count as defective.

    Parameters
    ----------
    reconstruct : callable
        Maps images (n, height, width) to reconstructions with as many pixels, in [0, 1].
    normal : ndarray of shape (n, height, width), uint8, or float32 in [0, 1]
        Images that `reconstruct` was not fitted on. Mean and standard deviation are those of every
        other one; a deviation below their root mean square is raised to it. The threshold is the
        99.5 % quantile of the largest value in each of the rest, so about one normal image in 200
        has a region above it.

    Returns
    -------
    DefectMap

    Raises
    ------
    DataError
        If there are fewer than 10 images.

    References
    ----------
    Defard, Setkov, Loesch and Audigier, "PaDiM", 2021, for statistics of each pixel and smoothing
    by a Gaussian of 4 pixels in 224.
    """
    if len(normal) < LEAST_NORMAL:
        raise DataError(
            "There are too few normal held-out images ({count}); at least {least} are needed to "
            "learn what error is normal at each pixel. Add normal images, or choose more classes.",
            count=len(normal),
            least=LEAST_NORMAL,
        )
    errors = _errors(reconstruct, normal[::2])
    deviation = errors.std(0)
    # Where normal images are all black, the deviation is nearly 0: the slightest error would count
    # as a defect, and one normal image with a stroke there would raise the threshold for all.
    floor = max(GREY_LEVEL, float(np.sqrt(np.square(deviation).mean())))
    fitted = DefectMap(reconstruct, errors.mean(0), deviation.clip(floor), np.inf)
    largest = fitted.z_scores(normal[1::2]).max((1, 2))
    return replace(fitted, threshold=float(np.quantile(largest, QUANTILE)))


def network_map(network: TrainedModel, normal: Images) -> DefectMap:
    """Learn what error of a network is normal at each pixel; see `fit`."""
    return fit(network.reconstruct, normal)


def pca_map(network: TrainedModel, normal: Images) -> DefectMap:
    """Learn what error of PCA, with as many components, is normal at each pixel; see `fit`."""
    return fit(network.pca_reconstruct, normal)


def normal_images(network: TrainedModel) -> NDArray[np.uint8]:
    """Return held-out images of the classes that a network was trained on, at most 2,000.

    Parameters
    ----------
    network : TrainedModel

    Returns
    -------
    ndarray of shape (n, height, width), uint8
        In MVTec's split, only held-out images have defects; their classes do not occur among the
        training images, so they are left out.
    """
    subset = network.training_subset
    normal = np.flatnonzero(np.isin(subset.test_labels, np.unique(subset.labels)))
    return subset.test_images[normal[:MOST_NORMAL]]


def are_among(images: NDArray[np.uint8], others: Sequence[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """Return which images occur in other arrays of images, pixel by pixel.

    Parameters
    ----------
    images : ndarray of shape (n, height, width), uint8
    others : sequence of ndarray of shape (m, height, width), uint8

    Returns
    -------
    ndarray of shape (n,), bool
    """
    contents = [image.tobytes() for image in images]
    wanted = set(contents)
    present = {
        content for array in others for image in array if (content := image.tobytes()) in wanted
    }
    return np.array([content in present for content in contents], bool)


def pixel_auroc(maps: NDArray[np.floating], masks: NDArray[np.bool_]) -> float | None:
    """Compute the area under the ROC curve over all pixels of all images.

    Parameters
    ----------
    maps : ndarray of shape (n, height, width), float
        Higher is more defective.
    masks : ndarray of shape (n, height, width), bool
        Where the defects are.

    Returns
    -------
    float in [0, 1], or None
        None if there is no defective or no normal pixel.
    """
    if masks.all() or not masks.any():
        return None
    return float(roc_auc_score(masks.ravel(), maps.ravel()))


def outline(region: NDArray[np.bool_]) -> list[NDArray[np.float64]]:
    """Return the lines around a region.

    Parameters
    ----------
    region : ndarray of shape (height, width), bool

    Returns
    -------
    list of ndarray of shape (k, 2), float64
        Closed lines through points (x, y), half-way between the centres of the pixels inside and
        outside; the centre of the pixel at the top left is (0, 0).
    """
    with importing:
        from skimage.measure import find_contours

    # At the border of the image, a region ends half a pixel beyond the last centre.
    padded = np.pad(region, 1).astype(np.float64)
    lines = find_contours(padded, 0.5)  # type: ignore[no-untyped-call]
    return [line[:, ::-1] - 1 for line in lines]


def _errors(reconstruct: Reconstruct, images: Images) -> Maps:
    """Compute the smoothed absolute error at each pixel."""
    truth = tensor(images).numpy().reshape(images.shape)
    difference = np.abs(truth - reconstruct(images).reshape(images.shape)).astype(np.float32)
    sigma = SMOOTHING * min(images.shape[1:])
    return np.asarray(gaussian_filter(difference, (0, sigma, sigma), mode="nearest"), np.float32)
