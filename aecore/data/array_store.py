"""Named arrays and a readable JSON in a folder, written whole or not at all. No pickles."""

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
# Raise it when what is kept would be made differently.
VERSION = 1


class Stored(NamedTuple):
    """What a folder holds: arrays as read-only memory maps, and what the JSON says of them."""

    arrays: dict[str, NDArray[Any]]
    about: dict[str, Any]


def write(folder: Path, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, object]) -> None:
    """Write a new folder; nobody ever sees half of it.

    Parameters
    ----------
    folder : Path
        It must not exist, or be empty; its parents are made.
    arrays : mapping of str to ndarray
        One ``.npy`` file is made of each.
    about : mapping of str to JSON values

    Raises
    ------
    OSError
        Where the folder is there already or cannot be written.
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
    """Open a folder that `write` made.

    Raises
    ------
    OSError or ValueError
        Where it is absent, or is not what `write` leaves behind.
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


def delete(folder: Path) -> None:
    """Delete a folder; nobody ever sees half of it.

    Raises
    ------
    OSError
        Where it is absent or the place cannot be written.
    """
    gone = folder.with_name(f".{folder.name}-{uuid4().hex}")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def kept(
    name: str,
    sources: Sequence[Path],
    places: Iterable[Path],
    make: Callable[[], Mapping[str, NDArray[Any]]],
) -> Mapping[str, NDArray[Any]]:
    """Return what an earlier call kept, or make it and keep it in the first place that takes it.

    What is kept is named after the paths, sizes and times of its sources, so a changed source is
    another name, and two who write at once cannot disagree. Without a place it is just made.
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
