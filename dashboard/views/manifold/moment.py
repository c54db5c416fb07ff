"""The network of a run at one step, applied to a set of images."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aecore.data import Dataset
from aecore.i18n import N_, Message
from aecore.network.inference import CHUNK, decode, encode
from aecore.training import probe
from aecore.training.probe import LabeledImages
from aecore.training.snapshot import Snapshot
from dashboard.state import active_run, cached

SETS: Mapping[str, Message] = {
    "probe": N_("Fixed sample of 2,000"),
    "held_out": N_("All held-out images"),
    "training": N_("All training images"),
}
"""Sets of images that can be mapped. Codes of earlier steps are saved for the probe set only."""


def labeled_images(dataset: Dataset, image_set: str) -> LabeledImages:
    """Return the images of a dataset that belong to one of `SETS`."""
    if image_set == "held_out":
        return LabeledImages(dataset.test_images, dataset.test_labels, dataset.test_factors)
    if image_set == "training":
        return LabeledImages(dataset.images, dataset.labels, dataset.factors)
    return probe.probe_set(dataset)


def select(newest: Snapshot, step: int | None, image_set: str) -> "Moment":
    """Return the moment to show: a saved frame of the current run, or the newest snapshot.

    Parameters
    ----------
    newest : Snapshot
    step : int or None
        Step of the frame; None for the newest snapshot.
    image_set : str
        A key of `SETS`.
    """
    snapshot, run = newest, active_run.live().run
    if step is not None and step != newest.step and step in run.frames():
        snapshot = cached.frame(str(run.path), step)
    # Changing a setting between two steps can change the network without changing the step.
    name = f"{run.path.name} {image_set} {snapshot.step} {len(snapshot.edits)}"
    dataset = cached.dataset_of(snapshot)
    images = cached.in_session(
        "images",
        (dataset.fingerprint, image_set),
        lambda: labeled_images(dataset, image_set),
    )
    return cached.in_session("moment", name, lambda: Moment(name, snapshot, images, image_set))


def factor_names(newest: Snapshot, image_set: str) -> tuple[str, ...]:
    """Return the names of the factors that generated the images; empty if unknown."""
    dataset = cached.dataset_of(newest)
    return tuple(dataset.factors if image_set == "training" else dataset.test_factors)


@dataclass(frozen=True, eq=False)
class Moment:
    """The network of a run at one step, applied to a set of images.

    Attributes
    ----------
    name : str
        Unique to the state of the network and the set of images.
    snapshot : Snapshot
    sample : LabeledImages
        The images the network is applied to, of shape (n, height, width), uint8.
    image_set : str
        A key of `SETS`.
    """

    name: str
    snapshot: Snapshot
    sample: LabeledImages
    image_set: str

    def originals(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return images by index, with pixels in [0, 1]; of shape (len(rows), height, width)."""
        return np.asarray(self.sample.images[rows] / np.float32(255))

    @cached_property
    def codes(self) -> NDArray[np.float32]:
        """Codes of the images, of shape (n, bottleneck)."""
        if self.image_set == "probe":
            return self.snapshot.codes
        return encode(self.snapshot.model, self.sample.images)

    @cached_property
    def reconstruction(self) -> NDArray[np.uint8]:
        """Reconstructions of the images, of shape (n, height, width), pixels 0 to 255."""
        images = decode(self.snapshot.decoder, self.codes)
        return np.asarray((images * 255).round(), np.uint8)

    @cached_property
    def errors(self) -> NDArray[np.float32]:
        """Mean squared error of each reconstruction, for pixels in [0, 1]; of shape (n,)."""
        count = len(self.codes)
        errors = np.empty(count, np.float32)
        for start in range(0, count, CHUNK):
            rows = slice(start, start + CHUNK)
            difference = self.reconstruction[rows].astype(np.float32) - self.sample.images[rows]
            errors[rows] = np.square(difference / 255).mean((1, 2))
        return errors
