"""Frames: snapshots on disk, small enough to keep many of a run.

All hold codes in half precision, only the units that are not zero where most are; the newest frame
holds the network in half precision, all others only the decoder, in eight bits per weight.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NotRequired

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from typing_extensions import TypedDict

from aecore.config import Config
from aecore.i18n import N_
from aecore.network.autoencoder import is_decoder_parameter, parameter_shapes
from aecore.runs.files import tensors
from aecore.runs.files.probe import SavedProbe
from aecore.runs.files.tensors import LARGEST, Arrays, half, to_bytes, to_float
from aecore.training.fields import Fingerprint, Number, Settings, Step, Total, strict
from aecore.training.probe import PROBE_SIZE
from aecore.training.snapshot import Edit, Examples, Record, Snapshot
from aecore.training.tensor_file import FLOATS, Layout, TensorFile, open_tensors

WEIGHT, SCALE = "weight/", "scale/"
CODES, VALUES, UNITS, COUNTS = "codes", "codes/values", "codes/units", "codes/counts"
LEVELS = 127
# A run of small images takes less than 10 MB, one of 28 by 28 pixels less than 40 MB.
RUN_BYTES, RUN_BYTES_PER_PIXEL, MOST_RUN_BYTES = 5 * 2**20, 40 * 2**10, 96 * 2**20
# The checkpoint holds each parameter with two moments, the newest frame in half precision.
BYTES_PER_PARAMETER = 3 * 4 + 2


@strict
class Facts(TypedDict):
    """What is stored beside the arrays; see `Snapshot` for the values."""

    config: Settings
    step: Step
    total_steps: Total
    epoch: Number
    edits: list[Edit]
    fingerprint: NotRequired[Fingerprint | None]


FACTS = TypeAdapter(Facts)


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
        **_packed_codes(half(snapshot.codes)),
        "points": half(snapshot.points),
        "corrupted": to_bytes(snapshot.examples.corrupted),
        "reconstructions": to_bytes(snapshot.examples.reconstructions),
    }
    for name, each in snapshot.weights.items():
        if encoder:
            arrays[WEIGHT + name] = half(each)
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
    return tensors.write(path, arrays, facts)


def load(path: Path, shared: SavedProbe, history: Sequence[Record]) -> Snapshot:
    """Read a frame.

    Parameters
    ----------
    path : Path
    shared : SavedProbe
        The probe of its run.
    history : sequence of Record
        May extend beyond the frame's step.

    Raises
    ------
    RunError
        If the file is missing or damaged, or does not match the probe or its own settings.
    ConfigError
        If its settings are invalid.
    """
    with open_tensors(path, "numpy") as file:
        facts = file.facts(FACTS)
        config = Config.from_saved(facts["config"])
        _check_layouts(file, config, shared)
        arrays = file.load(largest=LARGEST)
        codes = _unpacked_codes(file, arrays, config.bottleneck)
    return Snapshot(
        config=config,
        step=facts["step"],
        total_steps=facts["total_steps"],
        epoch=facts["epoch"],
        history=history,
        edits=tuple(facts["edits"]),
        codes=codes,
        points=arrays["points"].astype(np.float32),
        labels=shared.labels,
        classes=shared.classes,
        examples=Examples(
            shared.indices,
            shared.example_labels,
            to_float(shared.originals),
            to_float(arrays["corrupted"]),
            to_float(arrays["reconstructions"]),
        ),
        weights=_unpacked_weights(arrays),
        fingerprint=facts.get("fingerprint"),
    )


def codes(path: Path) -> NDArray[np.float32]:
    """Read only the codes of a frame's probe set, of shape (probes, bottleneck).

    Raises
    ------
    RunError
        If the file is missing or damaged.
    ConfigError
        If its settings are invalid.
    """
    with open_tensors(path, "numpy") as file:
        width = Config.from_saved(file.facts(FACTS)["config"]).bottleneck
        probes = file.count(COUNTS if VALUES in file.layouts else CODES, PROBE_SIZE)
        rules = _code_layouts(file, probes, width)
        # Whatever else it contains is not read.
        file.require({**file.layouts, **rules})
        return _unpacked_codes(file, file.load(rules, largest=LARGEST), width)


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


def _check_layouts(file: TensorFile, config: Config, shared: SavedProbe) -> None:
    probes, images = len(shared.labels), Layout(["U8"], shared.originals.shape)
    file.require(
        {
            "points": Layout(FLOATS, (probes, 2)),
            "corrupted": images,
            "reconstructions": images,
            **_code_layouts(file, probes, config.bottleneck),
            **_weight_layouts(file, config, shared.originals.shape[1:]),
        }
    )


def _code_layouts(file: TensorFile, probes: int, width: int) -> dict[str, Layout]:
    """Return the layouts that codes must have, as they are or packed."""
    if VALUES not in file.layouts:
        return {CODES: Layout(FLOATS, (probes, width))}
    # No image has more active units than there are.
    active = file.count(VALUES, probes * width)
    return {
        VALUES: Layout(FLOATS, (active,)),
        UNITS: Layout(["U16"], (active,)),
        COUNTS: Layout(["U16"], (probes,)),
    }


def _weight_layouts(file: TensorFile, config: Config, shape: tuple[int, ...]) -> dict[str, Layout]:
    """Return the layouts that weights must have: all, the decoder's only, or in early runs none."""
    height, width = shape
    present = [name for name in file.layouts if name.startswith(WEIGHT)]
    has_encoder = f"{WEIGHT}to_code.bias" in present
    layouts = {}
    for name, size in parameter_shapes((height, width), config).items() if present else ():
        if not (has_encoder or is_decoder_parameter(name, tied=config.tied)):
            continue
        is_packed = file.layouts.get(WEIGHT + name, Layout(FLOATS, ())).dtypes == ("I8",)
        layouts[WEIGHT + name] = Layout(["I8"] if is_packed else FLOATS, size)
        if is_packed:
            layouts[SCALE + name] = Layout(["F32"], size[:1])
    return layouts


def _packed_codes(codes: NDArray[np.float16]) -> Arrays:
    """Return codes as they are, or the units of each that are not zero where these are few."""
    active = codes != 0
    # An active unit takes a value and its number.
    if 2 * np.count_nonzero(active) >= codes.size:
        return {CODES: codes}
    return {
        VALUES: codes[active],
        UNITS: np.nonzero(active)[1].astype(np.uint16),
        COUNTS: active.sum(1).astype(np.uint16),
    }


def _unpacked_codes(file: TensorFile, arrays: Arrays, width: int) -> NDArray[np.float32]:
    if CODES in arrays:
        return arrays[CODES].astype(np.float32)
    values, units, counts = (arrays[name] for name in (VALUES, UNITS, COUNTS))
    if counts.sum(dtype=np.int64) != len(values) or (units >= width).any():
        raise file.damaged(N_("the active units do not fit the codes"))
    codes = np.zeros((len(counts), width), np.float32)
    codes[np.repeat(np.arange(len(counts)), counts), units] = values
    return codes


def _packed_weights(name: str, weights: NDArray[np.floating]) -> Arrays:
    """Return weights in eight bits, with a scale for each row; biases in half precision."""
    if weights.ndim < 2:
        return {WEIGHT + name: half(weights)}
    rows = half(weights).astype(np.float32).reshape(len(weights), -1)
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
