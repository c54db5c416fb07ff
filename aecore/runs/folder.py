"""The folder that contains all runs."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from aecore.config import Config
from aecore.errors import LabError
from aecore.files import check_readable
from aecore.runs.run import Run


def runs_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all runs: ``AECORE_RUNS``, or ``runs`` in the working directory.

    Raises
    ------
    RunError
        If it is not a folder, or cannot be read.
    """
    root = Path(environ.get("AECORE_RUNS") or "runs").absolute()
    check_readable(root)
    return root


def runs(root: Path) -> Iterator[Run]:
    """Yield the runs in a folder, the most recently saved first; anything else is skipped.

    Raises
    ------
    RunError
        If it is not a folder, or cannot be read.
    """
    check_readable(root)
    touched = {path: path.stat().st_mtime for path in root.glob("*/run.json")}
    for path in sorted(touched, key=lambda each: -touched[each]):
        try:
            yield Run(path.parent)
        except LabError:
            continue


def new_path(root: Path, config: Config, taken: Collection[Path] = ()) -> Path:
    """Return a folder for a new run, named after its settings and the present time.

    Parameters
    ----------
    root : Path
        The folder of all runs.
    config : Config
    taken : collection of Path
        Folders that do not exist yet, and are not to be returned either.
    """
    now = datetime.now(tz=UTC).astimezone().strftime("%Y%m%d-%H%M%S")
    name = f"{config.dataset}-{config.architecture}-{config.bottleneck}-{now}"
    return unused_path(root / name, taken)


def disk_bytes(path: Path) -> int:
    """Return the size of all files in a folder; those that vanish meanwhile do not count."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                total += Path(folder, name).lstat().st_size
    return total


def unused_path(path: Path, taken: Collection[Path] = ()) -> Path:
    """Return the path, with a number appended if it exists already or is taken."""
    count, candidate = 1, path
    while candidate.exists() or candidate in taken:
        count += 1
        candidate = path.with_name(f"{path.name}-{count}")
    return candidate
