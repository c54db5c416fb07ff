"""The digits that come with scikit-learn, 8 by 8 pixels."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.data import split
from aecore.data.dataset import Extent
from aecore.errors import DataError

CLASSES = tuple("0123456789")
EXTENT = Extent(1_438, 8, 8)


def read() -> dict[str, NDArray[Any]]:
    """Read images and labels, a fifth of them held out.

    Returns
    -------
    dict of str to ndarray
        ``images`` and ``test_images``, uint8 of shape (n, 8, 8); ``labels`` and ``test_labels``,
        int64 of shape (n,).

    Raises
    ------
    DataError
        If scikit-learn is not installed.
    """
    # The file is read without importing scikit-learn, which would take seconds.
    spec = find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise DataError("The dataset digits comes with scikit-learn; install it.")
    file = Path(spec.origin).parent / "datasets" / "data" / "digits.csv.gz"
    rows = np.loadtxt(file, delimiter=",", dtype=np.int64)
    images = np.rint(rows[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    labels = rows[:, -1]
    return split.split_arrays(images, labels, split.split(labels))
