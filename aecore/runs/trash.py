"""The trash: deleted runs, until they are restored or deleted for good."""

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from aecore.errors import RunError
from aecore.runs.folder import disk_bytes, unused_path
from aecore.runs.run import Run

TRASH = ".trash"


def move(root: Path, name: str) -> str:
    """Move a run to the trash, and return its name there.

    Raises
    ------
    RunError
        If there is no such run, it is training, or the folder cannot be written to.
    """
    if Path(name).name != name or name.startswith("."):
        raise RunError("{name!r} is not the name of a run.", name=name)
    if (run := Run(root / name)).busy:
        raise RunError("{name} is training; pause it first.", name=name)
    with _writing(root):
        (root / TRASH).mkdir(exist_ok=True)
        place = unused_path(root / TRASH / name)
        run.path.rename(place)
    return place.name


def restore(root: Path, name: str) -> Path:
    """Restore a run, and return its folder; its name gets a number if it is taken by now.

    Raises
    ------
    RunError
        If it is no longer in the trash, or the folder cannot be written to.
    """
    if name not in _names(root):
        raise RunError("{name} is no longer in the trash.", name=name)
    path = unused_path(root / name)
    with _writing(root):
        (root / TRASH / name).rename(path)
    return path


def sizes(root: Path) -> dict[str, int]:
    """Return the runs in the trash by their names there, with their sizes in bytes."""
    return {name: disk_bytes(root / TRASH / name) for name in _names(root)}


def delete(root: Path, names: Collection[str]) -> dict[str, int]:
    """Delete runs in the trash for good, and return those that were there, with their sizes."""
    present = [name for name in _names(root) if name in names]
    found = {name: disk_bytes(root / TRASH / name) for name in present}
    for name in found:
        shutil.rmtree(root / TRASH / name, ignore_errors=True)
    return found


def _names(root: Path) -> list[str]:
    folder = root / TRASH
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


@contextmanager
def _writing(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(
            "The runs in {folder} cannot be moved: {reason}.", folder=root, reason=error.strerror
        ) from error
