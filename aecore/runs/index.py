"""All runs at a glance, quick with thousands: a folder is read again only where it changed."""

import contextlib
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from aecore.errors import LabError, RunError
from aecore.files import read_json, write, write_json
from aecore.runs.folder import free
from aecore.runs.run import Run

INDEX, LABELS, TRASH = ".index.json", "labels.json", ".trash"
VERSION = 1
# A folder may change twice within a tick of the file system's clock.
SETTLED_NS = 50_000_000


class Labels(TypedDict):
    """What a person says of a run."""

    title: str
    tags: list[str]
    note: str
    favourite: bool


class Row(Labels):
    """A run in the index.

    Attributes
    ----------
    name : str
        Of its folder.
    title, tags, note, favourite
        What a person says of it.
    config : dict of str to value
        All its knobs.
    step, total_steps, epoch, held_out, pca : float or None
        Where it stands; None where it does not say.
    bytes : int
        On disk.
    touched : float
        When it was last saved, in seconds since 1970.
    """

    name: str
    config: dict[str, Any]
    step: float | None
    total_steps: float | None
    epoch: float | None
    held_out: float | None
    pca: float | None
    bytes: int
    touched: float


def index(root: Path) -> list[Row]:
    """Return all runs below a folder, the last touched first; what is no run is passed over.

    What was read is kept in ``.index.json``, which may be deleted at any time.
    """
    if not root.is_dir():
        return []
    known, found = _known(root), {}
    for path in root.iterdir():
        if path.name.startswith("."):
            continue
        with contextlib.suppress(LabError, OSError, TypeError, AttributeError):
            # A save replaces files, and so touches the folder.
            stamp = path.stat().st_mtime_ns
            old = known.get(path.name)
            if isinstance(old, dict) and old.get("stamp") == stamp:
                found[path.name] = old
            else:
                stamp = stamp if time.time_ns() - stamp > SETTLED_NS else 0
                found[path.name] = {"stamp": stamp, "row": _row(path)}
    if found != known:
        with contextlib.suppress(OSError):
            text = json.dumps({"version": VERSION, "runs": found})
            write(root / INDEX, text.encode())
    return sorted((each["row"] for each in found.values()), key=lambda row: -row["touched"])


def label(
    path: Path,
    *,
    title: str | None = None,
    tags: Sequence[str] | None = None,
    note: str | None = None,
    favourite: bool | None = None,
) -> None:
    """Write down what a person says of a run; None leaves a thing as it is.

    Parameters
    ----------
    path : Path
        Of the run.
    title, note : str, optional
        Its folder keeps its name.
    tags : sequence of str, optional
    favourite : bool, optional
    """
    sorted_tags = None if tags is None else sorted({tag.strip() for tag in tags} - {""})
    given = {"title": title, "tags": sorted_tags, "note": note, "favourite": favourite}
    changed = {name: value for name, value in given.items() if value is not None}
    write_json(path / LABELS, {**_labels(path), **changed})


def trash(root: Path, name: str) -> str:
    """Delete a run so that it can be brought back; return what `restore` asks for.

    Raises
    ------
    RunError
        Where there is none, or it is being trained.
    """
    if Path(name).name != name or name.startswith("."):
        raise RunError("{name!r} is not the name of a run.", name=name)
    if (run := Run(root / name)).busy:
        raise RunError("{name} is training; pause it first.", name=name)
    (root / TRASH).mkdir(exist_ok=True)
    place = free(root / TRASH / name)
    run.path.rename(place)
    return place.name


def restore(root: Path, name: str) -> Path:
    """Bring back a run that `trash` deleted; return its folder.

    Raises
    ------
    RunError
        Where it is gone.
    """
    if name not in trashed(root):
        raise RunError("{name} is no longer in the trash.", name=name)
    path = free(root / name)
    (root / TRASH / name).rename(path)
    return path


def trashed(root: Path) -> list[str]:
    """Return what lies in the trash, as `restore` names it."""
    folder = root / TRASH
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def empty(root: Path) -> None:
    """Delete for ever what lies in the trash."""
    shutil.rmtree(root / TRASH, ignore_errors=True)


def _known(root: Path) -> dict[str, Any]:
    try:
        kept = json.loads((root / INDEX).read_text("utf-8"))
        return dict(kept["runs"]) if kept["version"] == VERSION else {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _row(path: Path) -> Row:
    run = Run(path)
    summary = run.summary()
    return {
        "name": run.name,
        **_labels(path),
        "config": run.config.model_dump(),
        "step": _number(summary.get("step")),
        "total_steps": _number(summary.get("total_steps")),
        "epoch": _number(summary.get("epoch")),
        "held_out": _number(summary.get("held_out")),
        "pca": _number(summary.get("pca")),
        "bytes": sum(each.stat().st_size for each in path.rglob("*") if each.is_file()),
        "touched": (path / "run.json").stat().st_mtime,
    }


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) else None


def _labels(path: Path) -> Labels:
    """Return what was said of a run; what was edited into something else is as if not said."""
    found: object = {}
    with contextlib.suppress(LabError):
        found = read_json(path / LABELS)
    said = found if isinstance(found, dict) else {}
    tags = said.get("tags")
    return {
        "title": str(said.get("title") or ""),
        "tags": [str(tag) for tag in tags] if isinstance(tags, list) else [],
        "note": str(said.get("note") or ""),
        "favourite": said.get("favourite") is True,
    }
