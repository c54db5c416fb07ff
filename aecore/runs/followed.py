"""A run that another program trains, followed through its files."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config
from aecore.errors import LabError, RunError
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot


class FollowedRun:
    """Follow a run that another program trains; see `LiveRun` for the interface.

    Parameters
    ----------
    run : Run
        Only read, never written.
    """

    editable = False
    starting = False
    waiting = False
    error: LabError | None = None
    idle = False
    device = ""
    samples_per_second = 0.0
    seconds_left = math.inf

    def __init__(self, run: Run) -> None:
        self.run = run
        self._latest: tuple[tuple[int, ...], Snapshot] | None = None

    @property
    def config(self) -> Config:
        """The settings at the newest save."""
        return self.watch().config

    @property
    def playing(self) -> bool:
        """Whether the other program is training it now."""
        return self.run.busy

    def watch(self) -> Snapshot:
        """Return the newest snapshot, reading the files only after a save.

        Raises
        ------
        RunError
            If it is missing or damaged.
        """
        written = self.run.written
        if self._latest is None or self._latest[0] != written:
            self._latest = written, self.run.frame()
        return self._latest[1]

    def play(self) -> None:
        """Raise RunError: another program trains the run."""
        raise self._refusal()

    def pause(self) -> None:
        """Raise RunError: another program trains the run."""
        raise self._refusal()

    def step(self, count: float = 1) -> None:  # noqa: ARG002
        """Raise RunError: another program trains the run."""
        raise self._refusal()

    def change(self, drag: int = 0, /, **knobs: Any) -> None:  # noqa: ARG002
        """Raise RunError: another program trains the run."""
        raise self._refusal()

    def choose(self, examples: NDArray[np.int64] | None) -> None:  # noqa: ARG002
        """Raise RunError: another program trains the run."""
        raise self._refusal()

    def _refusal(self) -> RunError:
        return RunError(
            "{name} is training in another program; change it there, or start a new run.",
            name=self.run.name,
        )
