"""Checkpoints: everything a trainer needs to resume bit for bit, written atomically."""

import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor

from aecore.errors import RunError
from aecore.files import read_json, write, write_json
from aecore.training.snapshot import Record


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
        If it is missing or damaged.
    """
    path, facts = folder / "state.json", read_json(folder / "state.json")
    try:
        path = folder / Path(facts["tensors"]).name
        return State(load_file(path), {**facts, "step": int(facts["step"])})
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            "The checkpoint {path} cannot be read: {error}.", path=path, error=error
        ) from None
