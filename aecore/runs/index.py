"""An index of all runs, fast for thousands: only folders that changed are read again."""

import contextlib
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from aecore.errors import LabError, RunError
from aecore.files import check_readable, read_json, write, write_json
from aecore.runs.folder import disk_bytes, unused_path
from aecore.runs.run import Run

INDEX, LABELS, TRASH = ".index.json", "labels.json", ".trash"
VERSION = 3
# A folder may change twice within a tick of the file system's clock.
SETTLED_NS = 50_000_000


class Labels(TypedDict):
    """Labels that the user gives a run."""

    title: str
    tags: list[str]
    note: str
    favourite: bool


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
    step, total_steps, epoch, held_out, pca : float or None
        Its progress and errors; None where ``run.json`` lacks them.
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
    step: float | None
    total_steps: float | None
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
    cached, entries = _cached(root), {}
    for path in root.iterdir():
        if path.name.startswith("."):
            continue
        with contextlib.suppress(LabError, OSError, TypeError, AttributeError):
            # A save replaces files, which updates the folder's modification time.
            stamp = path.stat().st_mtime_ns
            old = cached.get(path.name)
            if isinstance(old, dict) and old.get("stamp") == stamp:
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
    step, total = row["step"], row["total_steps"]
    return step is not None and total is not None and step >= total


def set_labels(
    path: Path,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    note: str | None = None,
    favourite: bool | None = None,
) -> None:
    """Label a run; None leaves a label unchanged.

    Parameters
    ----------
    path : Path
        The run's folder.
    title, note : str, optional
        The title does not rename the folder.
    tags : sequence of str, optional
    favourite : bool, optional
    """
    sorted_tags = None if tags is None else sorted({tag.strip() for tag in tags} - {""})
    given = {"title": title, "tags": sorted_tags, "note": note, "favourite": favourite}
    changes = {name: value for name, value in given.items() if value is not None}
    write_json(path / LABELS, {**labels(path), **changes})


def move_to_trash(root: Path, name: str) -> str:
    """Move a run to the trash, and return the name that `restore` needs.

    Raises
    ------
    RunError
        If there is no such run, or it is training.
    """
    if Path(name).name != name or name.startswith("."):
        raise RunError("{name!r} is not the name of a run.", name=name)
    if (run := Run(root / name)).busy:
        raise RunError("{name} is training; pause it first.", name=name)
    (root / TRASH).mkdir(exist_ok=True)
    place = unused_path(root / TRASH / name)
    run.path.rename(place)
    return place.name


def restore(root: Path, name: str) -> Path:
    """Restore a run from the trash, and return its folder.

    Raises
    ------
    RunError
        If it is no longer in the trash.
    """
    if name not in trashed(root):
        raise RunError("{name} is no longer in the trash.", name=name)
    path = unused_path(root / name)
    (root / TRASH / name).rename(path)
    return path


def trashed(root: Path) -> list[str]:
    """List the runs in the trash, by the names that `restore` needs."""
    folder = root / TRASH
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def empty_trash(root: Path) -> None:
    """Delete the runs in the trash permanently."""
    shutil.rmtree(root / TRASH, ignore_errors=True)


def _cached(root: Path) -> dict[str, Any]:
    try:
        content = json.loads((root / INDEX).read_text("utf-8"))
        return dict(content["runs"]) if content["version"] == VERSION else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _row(path: Path) -> Row:
    run = Run(path)
    summary, config = run.summary(), run.config.model_dump()
    settings, fingerprint = summary.get("settings"), summary.get("fingerprint")
    return {
        "name": run.name,
        **labels(path),
        "config": config,
        "settings": {**config, **(settings if isinstance(settings, dict) else {})},
        "step": _number(summary.get("step")),
        "total_steps": _number(summary.get("total_steps")),
        "epoch": _number(summary.get("epoch")),
        "held_out": _number(summary.get("held_out")),
        "pca": _number(summary.get("pca")),
        "fingerprint": fingerprint if isinstance(fingerprint, str) else None,
        "bytes": disk_bytes(path),
        "touched": (path / "run.json").stat().st_mtime,
    }


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def labels(path: Path) -> Labels:
    """Read the labels of a run; invalid values are ignored, since the file may be edited."""
    content: object = {}
    with contextlib.suppress(LabError):
        content = read_json(path / LABELS)
    values = content if isinstance(content, dict) else {}
    tags = values.get("tags")
    return {
        "title": str(values.get("title") or ""),
        "tags": [str(tag) for tag in tags] if isinstance(tags, list) else [],
        "note": str(values.get("note") or ""),
        "favourite": values.get("favourite") is True,
    }
