"""Folders of named arrays and a JSON file, written atomically and without pickles."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

ABOUT = "about.json"
# Increase it to invalidate cached arrays.
VERSION = 1


class Stored(NamedTuple):
    """The contents of a folder: arrays as read-only memory maps, and the JSON about them."""

    arrays: dict[str, NDArray[Any]]
    about: dict[str, Any]


def write(folder: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, object]) -> None:
    """Write a new folder atomically.

    Parameters
    ----------
    folder : Path
        Must not exist, or be empty; its parents are created.
    arrays : mapping of str to ndarray
        Each is saved as an ``.npy`` file.
    about : mapping of str to JSON values

    Raises
    ------
    OSError
        If the folder exists already or cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}-{uuid4().hex}")
    unfinished.mkdir()
    try:
        for name, array in arrays.items():
            np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
        text = json.dumps({**about, "arrays": sorted(arrays)}, indent=2, ensure_ascii=False)
        (unfinished / ABOUT).write_text(text, encoding="utf-8")
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def read(folder: Path) -> Stored:
    """Open a folder written by `write`.

    Raises
    ------
    OSError or ValueError
        If it is missing or damaged.
    """
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    try:
        arrays = {
            path.stem: np.load(path, mmap_mode="r", allow_pickle=False)
            for path in sorted(folder.glob("*.npy"))
        }
    except EOFError as error:
        raise ValueError(str(error)) from error
    if not isinstance(about, dict) or about.get("arrays") != sorted(arrays):
        raise ValueError(folder)
    return Stored(arrays, about)


def replace(folder: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, object]) -> None:
    """Write a folder in place of the one there, if there is one; see `write`.

    Raises
    ------
    OSError
        If it cannot be written; then the old one is kept.
    """
    old = folder.with_name(f".{folder.name}-{uuid4().hex}")
    new = folder.with_name(f".{folder.name}-{uuid4().hex}")
    write(new, arrays, about)
    with suppress(FileNotFoundError):
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def delete(folder: Path) -> None:
    """Delete a folder atomically.

    Raises
    ------
    OSError
        If it is missing or cannot be deleted.
    """
    renamed = folder.with_name(f".{folder.name}-{uuid4().hex}")
    folder.rename(renamed)
    shutil.rmtree(renamed, ignore_errors=True)


def cached(
    name: str,
    sources: Sequence[Path],
    places: Iterable[Path],
    make: Callable[[], Mapping[str, NDArray[Any]]],
) -> Mapping[str, NDArray[Any]]:
    """Return cached arrays, or make them and cache them in the first writable place.

    The cache key consists of the paths, sizes and modification times of the sources, so a changed
    source gets a new entry, and concurrent writers cannot disagree. If no place is writable, the
    arrays are not cached.

    Parameters
    ----------
    name : str
        Start of the folder's name; older entries of the same name are deleted.
    sources : sequence of Path
        Files from which the arrays are made.
    places : iterable of Path
        Folders in which to look and to write.
    make : callable
        Returns the arrays by name.
    """
    states = [(path.resolve(), path.stat()) for path in sources]
    state = repr((VERSION, [(str(path), at.st_size, at.st_mtime_ns) for path, at in states]))
    key = hashlib.sha256(state.encode()).hexdigest()[:16]
    folders = [place / f"{name}-{key}" for place in places]
    for folder in filter(Path.exists, folders):
        with suppress(OSError, ValueError):
            return read(folder).arrays
        shutil.rmtree(folder, ignore_errors=True)
    arrays = make()
    for folder in folders:
        with suppress(OSError, ValueError):
            for outdated in folder.parent.glob(f"{name}-*"):
                if outdated != folder:
                    shutil.rmtree(outdated, ignore_errors=True)
            with suppress(OSError):
                write(folder, arrays, {"sources": [str(path) for path in sources]})
            return read(folder).arrays
    return arrays
