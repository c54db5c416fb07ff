"""The folder of all runs."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from aecore.config import Config
from aecore.errors import LabError
from aecore.runs.run import Run


def runs_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of all runs: ``AECORE_RUNS``, else ``runs`` in the working folder."""
    return Path(environ.get("AECORE_RUNS") or "runs").absolute()


def runs(root: Path) -> Iterator[Run]:
    """Yield the runs below a folder, the last touched first; what is no run is passed over."""
    if not root.is_dir():
        return
    touched = {path: path.stat().st_mtime for path in root.glob("*/run.json")}
    for path in sorted(touched, key=lambda each: -touched[each]):
        try:
            yield Run(path.parent)
        except LabError:
            continue


def new_path(root: Path, config: Config) -> Path:
    """Return a folder for a new run, named for what and when it is."""
    now = datetime.now(tz=UTC).astimezone().strftime("%Y%m%d-%H%M%S")
    name = f"{config.dataset}-{config.architecture}-{config.bottleneck}-{now}"
    return free(root / name)


def free(path: Path) -> Path:
    """Return the path, or one with a number behind it where there is something already."""
    count, found = 1, path
    while found.exists():
        count += 1
        found = path.with_name(f"{path.name}-{count}")
    return found
