"""Frames: snapshots on disk, small enough to keep many of a run.

All hold codes in half precision, only the units that are not zero where most are; the newest frame
holds the network in half precision, all others only the decoder, in eight bits per weight.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialize

from aecore.config import Config
from aecore.errors import RunError
from aecore.files import write
from aecore.network.autoencoder import is_decoder_parameter
from aecore.training.probe import PROBE_SIZE
from aecore.training.snapshot import Examples, Record, Snapshot

WEIGHT, SCALE, SPARSE = "weight/", "scale/", "codes/"
LEVELS = 127
# A run of small images takes less than 10 MB, one of 28 by 28 pixels less than 40 MB.
RUN_BYTES, RUN_BYTES_PER_PIXEL, MOST_RUN_BYTES = 5 * 2**20, 40 * 2**10, 96 * 2**20
# The checkpoint holds each parameter with two moments, the newest frame in half precision.
BYTES_PER_PARAMETER = 3 * 4 + 2

Arrays = dict[str, NDArray[Any]]


def save(snapshot: Snapshot, path: Path, *, encoder: bool = False) -> int:
    """Write a frame atomically.

    Parameters
    ----------
    snapshot : Snapshot
    path : Path
    encoder : bool
        Save the whole network in half precision, not only the decoder in eight bits per weight.

    Returns
    -------
    int
        Its size in bytes.
    """
    arrays: Arrays = {
        **_packed_codes(_half(snapshot.codes)),
        "points": _half(snapshot.points),
        "corrupted": _to_bytes(snapshot.examples.corrupted),
        "reconstructions": _to_bytes(snapshot.examples.reconstructions),
    }
    for name, each in snapshot.weights.items():
        if encoder:
            arrays[WEIGHT + name] = _half(each)
        elif is_decoder_parameter(name, tied=snapshot.config.tied):
            arrays |= _packed_weights(name, each)
    facts = {
        "config": snapshot.config.model_dump(),
        "step": snapshot.step,
        "total_steps": snapshot.total_steps,
        "epoch": snapshot.epoch,
        "edits": list(snapshot.edits),
        "fingerprint": snapshot.fingerprint,
    }
    return _write(path, arrays, facts)


def save_probe(snapshot: Snapshot, path: Path) -> None:
    """Write what all frames of a run share: labels, classes and the original examples."""
    arrays: Arrays = {
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
        config = Config(**facts["config"])
        return Snapshot(
            config=config,
            step=_whole_number("step", facts["step"]),
            total_steps=facts["total_steps"],
            epoch=facts["epoch"],
            history=history,
            edits=tuple(facts["edits"]),
            codes=_unpacked_codes(arrays, config.bottleneck),
            points=arrays["points"].astype(np.float32),
            labels=shared["labels"],
            classes=tuple(shared_facts["classes"]),
            examples=Examples(
                shared["indices"],
                shared["example_labels"],
                _to_float(shared["originals"]),
                _to_float(arrays["corrupted"]),
                _to_float(arrays["reconstructions"]),
            ),
            weights=_unpacked_weights(arrays),
            fingerprint=facts.get("fingerprint"),
        )
    except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from None


def codes(path: Path) -> NDArray[np.float32]:
    """Read only the codes of a frame's probe set, of shape (probes, bottleneck).

    Raises
    ------
    RunError
        If the file is missing or damaged.
    """
    try:
        with safe_open(path, "numpy") as file:
            names = [name for name in file.keys() if name.startswith("codes")]  # noqa: SIM118
            arrays = {name: file.get_tensor(name) for name in names}
            config = Config(**json.loads(file.metadata()["facts"])["config"])
            return _unpacked_codes(arrays, config.bottleneck)
    except (OSError, SafetensorError, LookupError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from None


def most_bytes(snapshot: Snapshot, frame_bytes: int) -> int:
    """Return how many bytes the frames of a run may take together.

    This is what its checkpoint and its newest frame leave of 5 MB and 40 kB for each pixel of an
    image, 96 MB at most; and at least half of what those two take.

    Parameters
    ----------
    snapshot : Snapshot
        Of the run.
    frame_bytes : int
        Size of its frame.
    """
    pixels = math.prod(snapshot.examples.originals.shape[1:])
    parameters = sum(each.size for each in snapshot.weights.values())
    others = BYTES_PER_PARAMETER * parameters + frame_bytes
    run_bytes = min(RUN_BYTES + RUN_BYTES_PER_PIXEL * pixels, MOST_RUN_BYTES)
    return max(run_bytes - others, others // 2)


def thin(sizes: Mapping[int, int], most: int) -> dict[int, int]:
    """Return the frames to keep, so that they fit and are spread evenly over the doublings.

    Again and again, the frame is dropped without which the gap in proportion to the steps is
    smallest; never the first or the last.

    Parameters
    ----------
    sizes : mapping of int to int
        Size of each frame by its step.
    most : int
        Largest sum of the sizes.

    Returns
    -------
    dict of int to int
        Those to keep, in ascending order.
    """
    kept = dict(sorted(sizes.items()))
    while len(kept) > 2 and sum(kept.values()) > most:
        steps = list(kept)
        logarithms = np.log1p(steps)
        gaps = logarithms[2:] - logarithms[:-2]
        del kept[steps[1 + int(gaps.argmin())]]
    return kept


def _whole_number(name: str, value: object) -> int:
    # It enters exported scripts, and frames may come from others.
    if type(value) is not int or value < 0:
        raise ValueError(f"{name} is {str(value)[:40]!r}, not a whole number")
    return value


def _unreadable(path: Path, error: Exception) -> RunError:
    return RunError("The frame {path} cannot be read: {error}", path=path, error=error)


def _write(path: Path, arrays: Arrays, facts: dict[str, Any]) -> int:
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = serialize(contiguous, {"facts": json.dumps(facts)})
    write(path, content)
    return len(content)


def _read(path: Path) -> tuple[Arrays, dict[str, Any]]:
    with safe_open(path, "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return arrays, json.loads(file.metadata()["facts"])


def _packed_codes(codes: NDArray[np.float16]) -> Arrays:
    """Return codes as they are, or the units of each that are not zero where these are few."""
    active = codes != 0
    # An active unit takes a value and its number.
    if 2 * np.count_nonzero(active) >= codes.size:
        return {"codes": codes}
    return {
        f"{SPARSE}values": codes[active],
        f"{SPARSE}units": np.nonzero(active)[1].astype(np.uint16),
        f"{SPARSE}counts": active.sum(1).astype(np.uint16),
    }


def _unpacked_codes(arrays: Arrays, width: int) -> NDArray[np.float32]:
    if "codes" in arrays:
        return arrays["codes"].astype(np.float32)
    values, units, counts = (arrays[SPARSE + name] for name in ("values", "units", "counts"))
    # Checked first, because a small file could name more memory than there is.
    if len(counts) > PROBE_SIZE or counts.sum(dtype=np.int64) != len(values):
        raise ValueError("codes of another number of images")
    codes = np.zeros((len(counts), width), np.float32)
    codes[np.repeat(np.arange(len(counts)), counts), units] = values
    return codes


def _packed_weights(name: str, weights: NDArray[np.floating]) -> Arrays:
    """Return weights in eight bits, with a scale for each row; biases in half precision."""
    if weights.ndim < 2:
        return {WEIGHT + name: _half(weights)}
    rows = np.nan_to_num(_half(weights).astype(np.float32).reshape(len(weights), -1))
    scale = np.abs(rows).max(1, keepdims=True) / LEVELS
    levels = np.rint(rows / np.where(scale, scale, 1)).astype(np.int8)
    return {WEIGHT + name: levels.reshape(weights.shape), SCALE + name: scale[:, 0]}


def _unpacked_weights(arrays: Arrays) -> dict[str, NDArray[np.floating]]:
    weights = {n.removeprefix(WEIGHT): a for n, a in arrays.items() if n.startswith(WEIGHT)}
    for name, levels in weights.items():
        if (scale := arrays.get(SCALE + name)) is not None:
            rows = levels.reshape(len(levels), -1) * scale[:, None]
            weights[name] = rows.reshape(levels.shape)
    return weights


def _to_bytes(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray((images * 255).round(), np.uint8)


def _half(values: NDArray[np.floating]) -> NDArray[np.float16]:
    # Those of a diverging run may exceed the range of half precision.
    largest = np.finfo(np.float16).max
    return np.asarray(np.clip(values, -largest, largest), np.float16)


def _to_float(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(images / np.float32(255))
