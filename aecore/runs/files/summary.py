"""``run.json``: name, dataset and progress of a run, for lists of runs."""

from typing import Annotated, Any, Required

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from aecore.training.fields import Error, Fingerprint, Number, Settings, Step, Text, Total, strict
from aecore.training.snapshot import Snapshot

Name = Annotated[str, Field(max_length=255)]


@strict
class Summary(TypedDict, total=False):
    """The summary of a run; early versions saved less.

    Attributes
    ----------
    name : str
        Of the folder in which it was saved.
    settings : dict
        At the last save.
    dataset, architecture : str
    bottleneck : int
    step, total_steps : int
    epoch : float
    held_out, pca : float or None
        The last errors on validation images; None before the first row.
    fingerprint : str or None
        Of the dataset.
    samples_per_second, seconds : float
        The speed, and how long it took.
    """

    name: Name
    settings: Settings
    dataset: Text
    architecture: Text
    bottleneck: Step
    step: Required[Step]
    total_steps: Total
    epoch: Number
    held_out: Error | None
    pca: Error | None
    fingerprint: Fingerprint | None
    samples_per_second: Number | None
    seconds: Number | None


SUMMARY = TypeAdapter(Summary)


def summary(name: str, snapshot: Snapshot, **facts: float) -> dict[str, Any]:
    """Return the content of ``run.json``."""
    last = snapshot.history[-1] if snapshot.history else None
    return {
        "name": name,
        "settings": snapshot.config.model_dump(),
        "dataset": snapshot.config.dataset,
        "architecture": snapshot.config.architecture,
        "bottleneck": snapshot.config.bottleneck,
        "step": snapshot.step,
        "total_steps": snapshot.total_steps,
        "epoch": snapshot.epoch,
        "held_out": last and last.get("held_out"),
        "pca": last and last.get("pca"),
        "fingerprint": snapshot.fingerprint,
        **facts,
    }
