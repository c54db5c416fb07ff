"""An index of all runs, fast for thousands: only folders that changed are read again."""

import contextlib
import json
import time
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from aecore.errors import LabError, RunError
from aecore.files import MEGABYTE, check_readable, read_json, write
from aecore.runs.files import labels
from aecore.runs.files.labels import Labels
from aecore.runs.folder import disk_bytes
from aecore.runs.run import Run
from aecore.training.fields import strict

INDEX = ".index.json"
VERSION = 4
# A folder may change twice within a tick of the file system's clock.
SETTLED_NS = 50_000_000
MOST_INDEX_BYTES = 256 * MEGABYTE


class Row(Labels):
    """A run in the index.

    Attributes
    ----------
    name : str
        Name of its folder.
    title, tags, note, favourite
        Labels given by the user.
    config : dict of str to value
        The value of every knob at the start.
    settings : dict of str to value
        Their values at the last save.
    step : int
    total_steps, epoch, held_out, pca : float or None
        Its progress and errors on validation images; None where ``run.json`` lacks them.
    fingerprint : str or None
        Fingerprint of its dataset; None where ``run.json`` lacks it.
    bytes : int
        Size on disk.
    touched : float
        Time of the last save, in seconds since 1970.
    """

    name: str
    config: dict[str, Any]
    settings: dict[str, Any]
    step: int
    total_steps: int | None
    epoch: float | None
    held_out: float | None
    pca: float | None
    fingerprint: str | None
    bytes: int
    touched: float


def index(root: Path) -> list[Row]:
    """List all runs in a folder, the most recently saved first; anything else is skipped.

    The rows are cached in ``.index.json``, which may be deleted at any time.

    Raises
    ------
    RunError
        If it is not a folder, or cannot be read.
    """
    check_readable(root)
    if not root.exists():
        return []
    cached = _cached(root)
    entries: dict[str, Entry] = {}
    for path in root.iterdir():
        if path.name.startswith("."):
            continue
        with contextlib.suppress(LabError, OSError):
            # A save replaces files, which updates the folder's modification time.
            stamp = path.stat().st_mtime_ns
            old = cached.get(path.name)
            if old is not None and old["stamp"] == stamp:
                entries[path.name] = old
            else:
                stamp = stamp if time.time_ns() - stamp > SETTLED_NS else 0
                entries[path.name] = {"stamp": stamp, "row": _row(path)}
    if entries != cached:
        with contextlib.suppress(OSError):
            text = json.dumps({"version": VERSION, "runs": entries})
            write(root / INDEX, text.encode())
    return sorted((each["row"] for each in entries.values()), key=lambda row: -row["touched"])


def is_finished(row: Row) -> bool:
    """Return whether a run has made all its steps."""
    total = row["total_steps"]
    return total is not None and row["step"] >= total


@strict
class Entry(TypedDict):
    """A row, and the modification time of the folder it was read from, in nanoseconds."""

    stamp: int
    row: Row


@strict
class Cache(TypedDict):
    """The content of ``.index.json``."""

    version: int
    runs: dict[str, Entry]


CACHE = TypeAdapter(Cache)


def on_dataset(root: Path, name: str) -> list[Row]:
    """Return the rows of the runs that were trained on a dataset, the last touched first."""
    return [row for row in index(root) if row["settings"].get("dataset") == name]


def _cached(root: Path) -> dict[str, Entry]:
    try:
        content = read_json(root / INDEX, CACHE, most_bytes=MOST_INDEX_BYTES)
    except RunError:
        return {}
    return content["runs"] if content["version"] == VERSION else {}


def _row(path: Path) -> Row:
    run = Run(path)
    summary, config = run.summary(), run.config.model_dump()
    return {
        "name": run.name,
        **labels.read(path),
        "config": config,
        "settings": {**config, **summary.get("settings", {})},
        "step": summary["step"],
        "total_steps": summary.get("total_steps"),
        "epoch": summary.get("epoch"),
        "held_out": summary.get("held_out"),
        "pca": summary.get("pca"),
        "fingerprint": summary.get("fingerprint"),
        "bytes": disk_bytes(path),
        "touched": (path / "run.json").stat().st_mtime,
    }
