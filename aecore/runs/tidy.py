"""Free disk space: thin the frames of finished runs that are no favourites, and empty the trash."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aecore.errors import LabError
from aecore.runs import trash
from aecore.runs.files import frame, labels
from aecore.runs.folder import runs
from aecore.runs.run import Run

FRAMES_KEPT = 12


@dataclass(frozen=True)
class Savings:
    """What tidying up frees.

    Attributes
    ----------
    frames : mapping of str to int
        Bytes of the frames to delete, by the name of the run; none where a run has few frames.
    trash : mapping of str to int
        Bytes of each run in the trash, by its name there.
    """

    frames: Mapping[str, int] = field(default_factory=dict)
    trash: Mapping[str, int] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """How much it is in all."""
        return sum(self.frames.values()) + sum(self.trash.values())


def find_savings(root: Path) -> Savings:
    """Return what `tidy` would free at this moment, read from the disk; nothing is deleted.

    Parameters
    ----------
    root : Path
        The folder of all runs.
    """
    frames = {run.name: size for run in runs(root) if not run.busy and (size := _excess(run))}
    return Savings(frames, trash.sizes(root))


def tidy(root: Path, savings: Savings) -> Savings:
    """Free what was found, as far as it still is so; return what was freed.

    Each run is looked at again, under its lock: one that has been resumed, opened or made a
    favourite in the meantime is left alone. Nothing is deleted that is not in `savings`.

    Parameters
    ----------
    root : Path
        The folder of all runs.
    savings : Savings
        As returned by `find_savings`.
    """
    sizes = {name: _thin(root / name) for name in savings.frames}
    frames = {name: size for name, size in sizes.items() if size}
    return Savings(frames, trash.delete(root, savings.trash))


def _thin(path: Path) -> int:
    """Delete the frames that a run can spare, and return their size; 0 if it is in use."""
    try:
        run = Run(path)
        run.claim()
    except LabError:
        return 0
    try:
        size = _excess(run)
        for step in _spare(run) if size else ():
            run.frame_path(step).unlink()
        # The index reads a run again when its folder changes.
        os.utime(run.path)
    finally:
        run.release()
    return size


def _excess(run: Run) -> int:
    """Return the size of the frames that a run can spare; 0 if it shall keep all."""
    try:
        if not run.finished or labels.read(run.path)["favourite"]:
            return 0
        return sum(run.frame_path(step).stat().st_size for step in _spare(run))
    except (LabError, OSError):
        # It is damaged, or was deleted since it was listed.
        return 0


def _spare(run: Run) -> set[int]:
    """Return the steps whose frames are not among the few to keep."""
    steps = run.frames()
    return set(steps) - set(frame.thin(dict.fromkeys(steps, 1), FRAMES_KEPT))
