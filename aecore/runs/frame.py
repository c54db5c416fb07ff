"""Frames: snapshots on disk, with weights in half precision."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialize

from aecore.config import Config
from aecore.errors import RunError
from aecore.files import write
from aecore.training.snapshot import Examples, Record, Snapshot

FRAMES_PER_DOUBLING = 8
WEIGHT = "weight/"


def is_due(step: int) -> bool:
    """Return whether to save a frame at a step: eight times per doubling of the steps."""
    return step % max(1, (1 << max(0, step.bit_length() - 1)) // FRAMES_PER_DOUBLING) == 0


def save(snapshot: Snapshot, path: Path) -> None:
    """Write a frame atomically."""
    arrays = {
        "codes": snapshot.codes,
        "points": snapshot.points,
        "corrupted": _to_bytes(snapshot.examples.corrupted),
        "reconstructions": _to_bytes(snapshot.examples.reconstructions),
        **{WEIGHT + name: _half(each) for name, each in snapshot.weights.items()},
    }
    facts = {
        "config": snapshot.config.model_dump(),
        "step": snapshot.step,
        "total_steps": snapshot.total_steps,
        "epoch": snapshot.epoch,
        "edits": list(snapshot.edits),
    }
    _write(path, arrays, facts)


def save_probe(snapshot: Snapshot, path: Path) -> None:
    """Write what all frames of a run share: labels, classes and the original examples."""
    arrays = {
        "labels": snapshot.labels,
        "indices": snapshot.examples.indices,
        "example_labels": snapshot.examples.labels,
        "originals": _to_bytes(snapshot.examples.originals),
    }
    _write(path, arrays, {"classes": list(snapshot.classes)})


def load(path: Path, probe: Path, history: Sequence[Record]) -> Snapshot:
    """Read a frame.

    Parameters
    ----------
    path : Path
        The frame.
    probe : Path
        The file written by `save_probe`.
    history : sequence of Record
        May extend beyond the frame's step.

    Raises
    ------
    RunError
        If a file is missing or damaged.
    """
    try:
        arrays, facts = _read(path)
        shared, shared_facts = _read(probe)
        return Snapshot(
            config=Config(**facts["config"]),
            step=facts["step"],
            total_steps=facts["total_steps"],
            epoch=facts["epoch"],
            history=history,
            edits=tuple(facts["edits"]),
            codes=arrays["codes"],
            points=arrays["points"],
            labels=shared["labels"],
            classes=tuple(shared_facts["classes"]),
            examples=Examples(
                shared["indices"],
                shared["example_labels"],
                _to_float(shared["originals"]),
                _to_float(arrays["corrupted"]),
                _to_float(arrays["reconstructions"]),
            ),
            weights={n[len(WEIGHT) :]: a for n, a in arrays.items() if n.startswith(WEIGHT)},
        )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from None


def codes(path: Path) -> np.ndarray[Any, Any]:
    """Read only the codes of a frame's probe set.

    Raises
    ------
    RunError
        If the file is missing or damaged.
    """
    try:
        with safe_open(path, "numpy") as file:
            return np.asarray(file.get_tensor("codes"))
    except (OSError, SafetensorError) as error:
        raise _unreadable(path, error) from None


def thin(folder: Path, most_bytes: int) -> None:
    """Remove every second frame, except the first and last, until they fit into `most_bytes`."""
    frames = sorted(folder.glob("*.safetensors"))
    while sum(path.stat().st_size for path in frames) > most_bytes and len(frames) > 2:
        for path in frames[1:-1:2]:
            path.unlink()
        frames = sorted(folder.glob("*.safetensors"))


def _unreadable(path: Path, error: Exception) -> RunError:
    return RunError("The frame {path} cannot be read: {error}", path=path, error=error)


def _write(path: Path, arrays: dict[str, np.ndarray[Any, Any]], facts: dict[str, Any]) -> None:
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write(path, serialize(contiguous, {"facts": json.dumps(facts)}))


def _read(path: Path) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    with safe_open(path, "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return arrays, json.loads(file.metadata()["facts"])


def _to_bytes(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (images * 255).round().astype(np.uint8)


def _half(weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    # The weights of a diverging run may exceed the range of half precision.
    largest = np.finfo(np.float16).max
    return np.asarray(np.clip(weights, -largest, largest), np.float16)


def _to_float(images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return images.astype(np.float32) / 255
