"""Patches of photographs, a dataset on which nothing was chosen."""

import numpy as np
from numpy.typing import NDArray
from skimage import color, data

from aecore.data import Dataset

TRAINING = ("astronaut", "brick", "camera", "chelsea", "coins", "grass")
TEST = ("coffee", "gravel", "moon", "rocket")
SIDE = 16
TRAINING_COUNT, TEST_COUNT = 20_000, 4_000


def photographs(seed: int = 0) -> Dataset:
    """Cut patches of 16 by 16 pixels at random out of pictures that scikit-image comes with.

    Test patches are from other pictures than training patches.

    Parameters
    ----------
    seed : int
    """
    draw = np.random.default_rng(seed)
    training = _patches(TRAINING, TRAINING_COUNT, draw)
    test = _patches(TEST, TEST_COUNT, draw)
    unknown = np.full(TRAINING_COUNT, -1)
    return Dataset("photographs", training, unknown, test, unknown[:TEST_COUNT], ())


def _patches(names: tuple[str, ...], count: int, draw: np.random.Generator) -> NDArray[np.uint8]:
    pictures = [_grey(name) for name in names]
    patches = np.empty((count, SIDE, SIDE), np.uint8)
    for place in range(count):
        picture = pictures[place % len(pictures)]
        top, left = (int(draw.integers(size - SIDE + 1)) for size in picture.shape)
        patches[place] = picture[top : top + SIDE, left : left + SIDE]
    return draw.permutation(patches)


def _grey(name: str) -> NDArray[np.uint8]:
    picture = getattr(data, name)()
    if picture.ndim == 3:
        picture = np.rint(255 * color.rgb2gray(picture))
    return np.asarray(picture, np.uint8)
