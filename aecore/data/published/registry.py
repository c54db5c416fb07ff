"""The registry of published datasets: their files, sizes, classes and descriptions.

Folders, addresses and checksums are those of torchvision, so that existing downloads are reused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase, digits
from urllib.parse import urljoin

import numpy as np
from numpy.typing import NDArray

from aecore.data import array_store
from aecore.data.dataset import Dataset, Extent, assemble
from aecore.data.published import idx
from aecore.data.published.download import Remote
from aecore.errors import DataError
from aecore.i18n import N_, Message
from aecore.imports import importing


@dataclass(frozen=True)
class Published:
    """A published dataset.

    Attributes
    ----------
    title, description : Message
        Its name and one sentence about it.
    folder : str
        Name of torchvision's class and of its folder under the root.
    files : tuple of four str
        The idx files: training images and labels, held-out images and labels.
    sizes : tuple of int
        Size of each download in bytes.
    classes : tuple of str
    extent : Extent
        Number and size of the training images.
    first_label : int
        Label of the first class in the files.
    transposed : bool
        Whether the images are transposed in the files.
    """

    title: Message
    description: Message
    folder: str
    files: tuple[str, str, str, str]
    sizes: tuple[int, ...]
    classes: tuple[str, ...]
    extent: Extent
    first_label: int = 0
    transposed: bool = False

    @property
    def megabytes(self) -> int:
        """Size of the download, rounded up."""
        return -(-sum(self.sizes) // 10**6)

    def raw(self, root: Path) -> Path:
        """Return the folder of its files under `root`."""
        return root / self.folder / "raw"

    def present(self, root: Path) -> tuple[Path, ...] | None:
        """Return the paths of its files, plain or gzipped, or None if one is missing."""
        paths = [idx.find(self.raw(root), name) for name in self.files]
        existing = tuple(path for path in paths if path is not None)
        return existing if len(existing) == len(paths) else None

    def is_present(self, root: Path) -> bool:
        """Whether all its files are under `root`."""
        return self.present(root) is not None

    def load(self, name: str, root: Path, caches: Iterable[Path]) -> Dataset:
        """Map its files, or a converted copy in one of `caches` if they cannot be mapped.

        Raises
        ------
        DataError
            If it must be downloaded first, or is damaged.
        """
        paths = self.present(root)
        if paths is None:
            raise DataError(
                "{title} is not in {root}; download it first ({megabytes} MB).",
                title=self.title,
                root=root,
                megabytes=self.megabytes,
            )
        # Uncompressed upright images are mapped in place, without a copy.
        needs_copy = self.transposed or any(path.suffix == ".gz" for path in paths)
        if not needs_copy:
            return assemble(name, read(self, paths), self.classes)
        arrays = array_store.cached(name, paths, caches, lambda: read(self, paths))
        return assemble(name, arrays, self.classes)


def _file_names(
    prefix: str = "", train: str = "train", test: str = "t10k"
) -> tuple[str, str, str, str]:
    ending = "idx2-int" if prefix == "qmnist-" else "idx1-ubyte"
    return (
        f"{prefix}{train}-images-idx3-ubyte",
        f"{prefix}{train}-labels-{ending}",
        f"{prefix}{test}-images-idx3-ubyte",
        f"{prefix}{test}-labels-{ending}",
    )


FASHION = (
    N_("T-shirt/top"),
    N_("Trouser"),
    N_("Pullover"),
    N_("Dress"),
    N_("Coat"),
    N_("Sandal"),
    N_("Shirt"),
    N_("Sneaker"),
    N_("Bag"),
    N_("Ankle boot"),
)
"""The classes of Fashion-MNIST."""

PUBLISHED: Mapping[str, Published] = {
    "mnist": Published(
        N_("MNIST"),
        N_("70,000 handwritten digits, 28 by 28: where most papers start."),
        "MNIST",
        _file_names(),
        (9_912_422, 28_881, 1_648_877, 4_542),
        tuple(digits),
        Extent(60_000, 28, 28),
    ),
    "fashion_mnist": Published(
        N_("Fashion-MNIST"),
        N_("70,000 photos of clothes and shoes, harder than digits."),
        "FashionMNIST",
        _file_names(),
        (26_421_880, 29_515, 4_422_102, 5_148),
        tuple(name.text for name in FASHION),
        Extent(60_000, 28, 28),
    ),
    "kmnist": Published(
        N_("Kuzushiji-MNIST"),
        N_("70,000 cursive Japanese characters in ten classes, each written in many ways."),
        "KMNIST",
        _file_names(),
        (18_165_135, 29_497, 3_041_136, 5_120),
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        Extent(60_000, 28, 28),
    ),
    "emnist_letters": Published(
        N_("EMNIST Letters"),
        N_("145,600 handwritten letters from a to z, upper and lower case together."),
        "EMNIST",
        _file_names("emnist-letters-", test="test"),
        (561_753_746,),
        tuple(ascii_lowercase),
        Extent(124_800, 28, 28),
        first_label=1,
        transposed=True,
    ),
    "qmnist": Published(
        N_("QMNIST"),
        N_("MNIST rebuilt from its sources, with 60,000 held-out digits instead of 10,000."),
        "QMNIST",
        _file_names("qmnist-", test="test"),
        (9_704_059, 526_800, 9_742_279, 526_800),
        tuple(digits),
        Extent(60_000, 28, 28),
    ),
}


def remotes(spec: Published) -> tuple[Remote, ...]:
    """Return the files to download, from torchvision, whose import takes seconds."""
    with importing:
        import torchvision.datasets

    kind = getattr(torchvision.datasets, spec.folder)
    if spec.folder == "EMNIST":
        files = [(kind.url, kind.md5)]
    elif spec.folder == "QMNIST":
        files = [*kind.resources["train"], *kind.resources["test"]]
    else:
        files = kind.resources
    return tuple(
        Remote(
            file.rpartition("/")[2],
            md5,
            tuple(dict.fromkeys(urljoin(mirror, file) for mirror in kind.mirrors)),
            size,
        )
        for (file, md5), size in zip(files, spec.sizes, strict=True)
    )


def read(spec: Published, paths: tuple[Path, ...]) -> dict[str, NDArray[np.generic]]:
    """Read the four files of a dataset.

    Returns
    -------
    dict of str to ndarray
        ``images`` and ``test_images``, uint8 of shape (N, H, W) and upright; ``labels`` and
        ``test_labels``, int64 of shape (N,), counted from 0.

    Raises
    ------
    DataError
        If a file is damaged, or images and labels do not match.
    """
    images, labels, test_images, test_labels = (idx.read(path) for path in paths)
    if images.shape[1:] != test_images.shape[1:]:
        raise DataError(
            "{path} and {other} contain images of different shapes; delete them and "
            "download the data again.",
            path=paths[0],
            other=paths[2],
        )
    return {
        "images": _images(spec, images, paths[0]),
        "labels": _labels(spec, labels, len(images), paths[1]),
        "test_images": _images(spec, test_images, paths[2]),
        "test_labels": _labels(spec, test_labels, len(test_images), paths[3]),
    }


def _images(spec: Published, images: NDArray[np.generic], path: Path) -> NDArray[np.generic]:
    if images.ndim != 3 or images.dtype != np.uint8:
        raise DataError(
            "{path} contains no images; delete it and download the data again.", path=path
        )
    return np.ascontiguousarray(images.transpose(0, 2, 1)) if spec.transposed else images


def _labels(
    spec: Published, labels: NDArray[np.generic], count: int, path: Path
) -> NDArray[np.int64]:
    # QMNIST stores eight numbers per image, the first of which is the class.
    numbers = (labels if labels.ndim == 1 else labels[:, 0]).astype(np.int64) - spec.first_label
    if numbers.shape != (count,) or numbers.min() < 0 or numbers.max() >= len(spec.classes):
        raise DataError(
            "{path} contains no labels for the images next to it; delete it and download "
            "the data again.",
            path=path,
        )
    return numbers
