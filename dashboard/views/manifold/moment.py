"""One moment of a run, as the Manifold page looks at it."""

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
"""Of which images a map can be made; only of the probe set are there codes of earlier moments."""


def part(dataset: Dataset, which: str) -> LabeledImages:
    """Return the images of one of `SETS`."""
    if which == "held_out":
        return LabeledImages(dataset.test_images, dataset.test_labels, dataset.test_factors)
    if which == "training":
        return LabeledImages(dataset.images, dataset.labels, dataset.factors)
    return probe.probe_set(dataset)


def select(newest: Snapshot, step: int | None, which: str) -> "Moment":
    """Return the moment looked at: a frame of the run in view, or the newest snapshot.

    Parameters
    ----------
    newest : Snapshot
    step : int or None
        Of a frame; None for the newest.
    which : str
        A key of `SETS`.
    """
    snapshot, run = newest, active_run.live().run
    if step is not None and step != newest.step and step in run.frames():
        snapshot = cached.frame(str(run.path), step)
    # A change between two steps makes another network of the same step.
    name = f"{run.path.name} {which} {snapshot.step} {len(snapshot.edits)}"
    dataset = snapshot.config.dataset
    images = cached.in_session(
        "images", (dataset, which), lambda: part(cached.dataset(dataset), which)
    )
    return cached.in_session("moment", name, lambda: Moment(name, snapshot, images, which))


def factor_names(newest: Snapshot, which: str) -> tuple[str, ...]:
    """Return the names of the factors the images were drawn from; none where unknown."""
    dataset = cached.dataset(newest.config.dataset)
    return tuple(dataset.factors if which == "training" else dataset.test_factors)


@dataclass(frozen=True, eq=False)
class Moment:
    """One moment of a run.

    Attributes
    ----------
    name : str
        Another one for every other moment and set of images.
    snapshot : Snapshot
    part : Part
        The images looked at.
    which : str
        A key of `SETS`.
    """

    name: str
    snapshot: Snapshot
    part: LabeledImages
    which: str

    def originals(self, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """Return some of the images, in [0, 1]."""
        return np.asarray(self.part.images[rows] / np.float32(255))

    @cached_property
    def codes(self) -> NDArray[np.float32]:
        """Of shape (n, bottleneck)."""
        if self.which == "probe":
            return self.snapshot.codes
        return encode(self.snapshot.model, self.part.images)

    @cached_property
    def reconstruction(self) -> NDArray[np.uint8]:
        """The reconstructions, of shape (n, height, width)."""
        images = decode(self.snapshot.model, self.codes)
        return np.asarray((images * 255).round(), np.uint8)

    @cached_property
    def errors(self) -> NDArray[np.float32]:
        """The mean squared error of each reconstruction, pixels in [0, 1]; of shape (n,)."""
        count = len(self.codes)
        found = np.empty(count, np.float32)
        for start in range(0, count, CHUNK):
            rows = slice(start, start + CHUNK)
            apart = self.reconstruction[rows].astype(np.float32) - self.part.images[rows]
            found[rows] = np.square(apart / 255).mean((1, 2))
        return found
