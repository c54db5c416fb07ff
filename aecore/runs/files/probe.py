"""``probe.safetensors``: what all frames of a run share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from aecore.i18n import N_
from aecore.runs.files import tensors
from aecore.training.fields import Text, strict
from aecore.training.probe import EXAMPLES, PROBE_SIZE
from aecore.training.snapshot import Snapshot
from aecore.training.tensor_file import Layout, TensorFile, open_tensors

MOST_CLASSES = 1000
MOST_PIXELS = 2**20


@strict
class Facts(TypedDict):
    """What is stored beside the arrays."""

    classes: Annotated[list[Text], Field(max_length=MOST_CLASSES)]


FACTS = TypeAdapter(Facts)


@dataclass(frozen=True, eq=False)
class SavedProbe:
    """Labels and classes of the probe set, and the original examples.

    Attributes
    ----------
    labels : ndarray of shape (probes,), int64
        -1 where unknown.
    classes : tuple of str
    indices, example_labels : ndarray of shape (n,), int64
        Of the examples.
    originals : ndarray of shape (n, height, width), uint8
    """

    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    indices: NDArray[np.int64]
    example_labels: NDArray[np.int64]
    originals: NDArray[np.uint8]


def save(snapshot: Snapshot, path: Path) -> None:
    """Write the probe of a run atomically."""
    arrays: tensors.Arrays = {
        "labels": snapshot.labels,
        "indices": snapshot.examples.indices,
        "example_labels": snapshot.examples.labels,
        "originals": tensors.to_bytes(snapshot.examples.originals),
    }
    tensors.write(path, arrays, {"classes": list(snapshot.classes)})


def load(path: Path) -> SavedProbe:
    """Read the probe of a run.

    Raises
    ------
    RunError
        If it is missing or damaged.
    """
    with open_tensors(path, "numpy") as file:
        _check_layouts(file)
        classes, arrays = file.facts(FACTS)["classes"], file.load()
        _check_values(file, arrays, len(classes))
        return SavedProbe(classes=tuple(classes), **arrays)


def _check_layouts(file: TensorFile) -> None:
    probes, examples = file.count("labels", PROBE_SIZE), file.count("originals", EXAMPLES)
    sides = file.layouts["originals"].shape[1:] if examples else ()
    if len(sides) != 2 or not 0 < sides[0] * sides[1] <= MOST_PIXELS:
        raise file.damaged(N_("the originals are no images"))
    numbers = Layout(["I64"], (examples,))
    file.require(
        {
            "labels": Layout(["I64"], (probes,)),
            "indices": numbers,
            "example_labels": numbers,
            "originals": Layout(["U8"], (examples, *sides)),
        }
    )


def _check_values(file: TensorFile, arrays: dict[str, NDArray[Any]], classes: int) -> None:
    for name in ("labels", "example_labels"):
        labels = arrays[name]
        if ((labels < -1) | (labels >= max(classes, 1))).any():
            raise file.damaged(N_("{tensor} contains a label of no class", tensor=name))
    if (arrays["indices"] < 0).any():
        raise file.damaged(N_("indices contains a negative number"))
