"""Checkpoints: everything a trainer needs to resume bit for bit, written atomically."""

import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, TypeAdapter
from safetensors.torch import save as to_bytes
from torch import Tensor
from typing_extensions import TypedDict

from aecore.config import Config
from aecore.files import read_json, write, write_json
from aecore.network.autoencoder import parameter_shapes
from aecore.training.fields import Fingerprint, Settings, Step, strict
from aecore.training.optimizer import MOMENTS, moment_shape
from aecore.training.probe import PROBE_SIZE
from aecore.training.snapshot import Edit, Record
from aecore.training.tensor_file import Layout, TensorFile, open_tensors

Size = Annotated[int, Field(ge=1, le=10**6)]


@strict
class Facts(TypedDict):
    """The content of ``state.json``.

    Attributes
    ----------
    config : dict
        The settings at this step.
    step : int
    batches : int
        Number of batches whose losses are summed since the last row.
    edits : list of Edit
    images : [count, height, width]
        Of the training images.
    fingerprint : str
        Of the dataset; early versions did not save it.
    frames : list of int
        Steps whose frames are kept; early versions did not save it. A run can be resumed without
        it, so anything else is ignored.
    products, validation_products : str
        How matrices are multiplied in training and in validation; early versions did not save it.
    device : str
        Where it was trained; early versions, which trained on the processor, did not save it.
    tensors : str
        Name of the file with the tensors.
    """

    config: Settings
    step: Step
    batches: Step
    edits: list[Edit]
    images: Annotated[list[Size], Field(min_length=3, max_length=3)]
    fingerprint: NotRequired[Fingerprint | None]
    frames: NotRequired[object]
    products: NotRequired[Literal["torch", "onednn", "bfloat16"]]
    validation_products: NotRequired[Literal["torch", "onednn"]]
    device: NotRequired[Literal["cpu", "cuda", "mps"]]
    tensors: Annotated[str, Field(pattern=r"^[0-9a-f-]{1,64}\.safetensors$")]


FACTS = TypeAdapter(Facts)


@dataclass(frozen=True, eq=False)
class State:
    """The state of a trainer between two steps.

    Attributes
    ----------
    tensors : dict of str to Tensor
        Weights, the optimizer's moments, and the loss summed since the last row.
    facts : dict
        Values that JSON can hold: configuration, step, edits.
    history : sequence of Record
        The rows up to this step.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Any]
    history: Sequence[Record] = field(default=())

    def with_prefix(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors whose names start with a prefix, by the rest of their names."""
        return {
            name.removeprefix(prefix): value
            for name, value in self.tensors.items()
            if name.startswith(prefix)
        }


def save(state: State, folder: Path) -> None:
    """Write a checkpoint: the tensors under a new name, then the JSON that points to them."""
    folder.mkdir(parents=True, exist_ok=True)
    data = to_bytes(dict(state.tensors))
    # The step alone is not unique: a change at the same step would overwrite the file that the
    # JSON points to.
    name = f"{state.facts['step']:09d}-{zlib.crc32(data):08x}.safetensors"
    with ExitStack() as on_failure:
        if not (folder / name).exists():
            # On a full disk, tensors that nothing points to would take the room of other files.
            on_failure.callback((folder / name).unlink, missing_ok=True)
        write(folder / name, data, durable=True)
        write_json(folder / "state.json", {**state.facts, "tensors": name}, durable=True)
        on_failure.pop_all()
    for old in folder.glob("*.safetensors*"):
        if old.name != name:
            old.unlink(missing_ok=True)


def load(folder: Path) -> State:
    """Read a checkpoint written by `save`; its history is empty.

    Raises
    ------
    RunError
        If it is missing or damaged, or its tensors do not match its settings.
    ConfigError
        If its settings are invalid.
    """
    facts = read_json(folder / "state.json", FACTS)
    with open_tensors(folder / facts["tensors"], "pt") as file:
        _check_layouts(file, facts)
        return State(file.load(), dict(facts))


def _check_layouts(file: TensorFile, facts: Facts) -> None:
    _, height, width = facts["images"]
    shapes = parameter_shapes((height, width), Config.from_saved(facts["config"]))
    moments = {
        f"optimizer/{name}/{moment}": Layout(["F32"], moment_shape(moment, shape))
        for name, shape in shapes.items()
        for moment in MOMENTS
    }
    parameters = {f"model/{name}": Layout(["F32"], shape) for name, shape in shapes.items()}
    # Early versions did not save the map.
    points = Layout(["F32"], (file.count("points", PROBE_SIZE), 2))
    file.require({"squares": Layout(["F32"], ()), **parameters}, {**moments, "points": points})
