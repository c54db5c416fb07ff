"""What a worker of a sweep does: train one run in a folder of its own and hand it back as bytes.

The same function serves a process on this machine and a worker of a cluster; it needs no disk that
others see.
"""

import contextlib
import functools
import math
import sys
import tempfile
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aecore import data
from aecore.config import Config
from aecore.data import Dataset
from aecore.errors import LabError
from aecore.runs import archive
from aecore.runs.run import Run
from aecore.workers import messages

ARRAYS = ("images", "labels", "test_images", "test_labels")


def train_run(
    knobs: Mapping[str, Any], dataset: Dataset | str, share: float, begun: bytes | None = None
) -> bytes:
    """Train a run, or go on with one, and return its folder as a zip.

    Parameters
    ----------
    knobs : mapping of str to value
    dataset : Dataset or str
        Or the name of one that this machine has.
    share : float in (0, 1]
        How much of the run to do.
    begun : bytes, optional
        What an earlier call returned.

    Raises
    ------
    LabError
        Where the run diverges, or the data set is not here.
    """
    torch.set_num_threads(1)
    images = _load(dataset) if isinstance(dataset, str) else dataset
    began, before = time.monotonic(), 0.0
    with tempfile.TemporaryDirectory(prefix="aecore-") as folder:
        if begun is None:
            run = Run.create(Path(folder) / "run", Config(**knobs))
            trainer = run.start(images)
        else:
            run = archive.unpack(BytesIO(begun), Path(folder))
            run.claim()
            trainer = run.resume(images)
            before = float(run.summary().get("seconds") or 0)
        try:
            while trainer.steps < math.ceil(share * trainer.total_steps):
                trainer.step()
                run.record(trainer)
            # Beside the history, not in it: equal runs have equal histories, whoever trains them.
            run.save(trainer, seconds=round(before + time.monotonic() - began, 3))
        finally:
            run.release()
        return archive.pack(run, compress=False)


@functools.lru_cache(maxsize=1)
def _load(name: str) -> Dataset:
    """Return a data set, the same for all runs of a sweep: its components are computed once."""
    return data.load(name)


def main() -> None:
    """Do what messages on stdin ask for until it ends: first a data set, then runs."""
    out = sys.stdout.buffer
    # Whatever else prints must not stand between the messages.
    sys.stdout = sys.stderr
    with contextlib.suppress(EOFError, BrokenPipeError):
        dataset = received(*messages.read(sys.stdin.buffer))
        while True:
            facts, arrays = messages.read(sys.stdin.buffer)
            begun = arrays["begun"].tobytes() if "begun" in arrays else None
            try:
                run = train_run(facts["knobs"], dataset, facts["share"], begun)
            except LabError as error:
                messages.write(
                    out, {"text": error.message.text, "values": _plain(error.message.values)}
                )
            except Exception as error:  # A run that fails is a row; the others go on.
                reason = f"{type(error).__name__}: {error}"
                text = "The run failed: {error}."
                messages.write(out, {"text": text, "values": {"error": reason}})
            else:
                messages.write(out, {}, {"run": np.frombuffer(run, np.uint8)})


def sent(dataset: Dataset | str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a data set as a message."""
    if isinstance(dataset, str):
        return {"name": dataset}, {}
    facts = {"name": dataset.name, "classes": list(dataset.classes)}
    return facts, {name: getattr(dataset, name) for name in ARRAYS}


def received(facts: Mapping[str, Any], arrays: Mapping[str, Any]) -> Dataset | str:
    """Return what `sent` took."""
    if not arrays:
        return str(facts["name"])
    images, labels, held_out, held_out_labels = (arrays[name] for name in ARRAYS)
    classes = tuple(facts["classes"])
    return Dataset(facts["name"], images, labels, held_out, held_out_labels, classes)


def _plain(values: Mapping[str, object]) -> dict[str, object]:
    known = (str, int, float, bool)
    return {n: v if isinstance(v, known) else str(v) for n, v in values.items()}
