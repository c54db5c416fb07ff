"""The interface of a run that is being trained, here or by another program."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config
from aecore.errors import LabError
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot


class LiveRun(Protocol):
    """A run to watch while it trains.

    `Job` trains it here, `FollowedRun` reads the saves of another program, and `StartingRun` is a
    job that is being prepared.

    Attributes
    ----------
    run : Run
    editable : bool
        Whether it is trained here, so that it can be played, paused and changed.
    config : Config
        The settings last requested; the newest snapshot may be slightly older.
    starting : bool
        Whether it is being prepared; meanwhile the run in view before it is watched.
    playing : bool
        Whether it is training now, or will as soon as it can.
    waiting : bool
        Whether it is playing, but as many others are as may train at once.
    error : LabError or None
        The error that stopped it, if any.
    idle : bool
        Whether it paused because nobody was watching.
    device : str
        Where it is trained: 'cpu', 'cuda' or 'mps'; empty if unknown.
    samples_per_second : float
        0 if unknown.
    seconds_left : float
        Infinite if unknown.
    """

    @property
    def run(self) -> Run: ...  # noqa: D102
    @property
    def editable(self) -> bool: ...  # noqa: D102
    @property
    def config(self) -> Config: ...  # noqa: D102
    @property
    def starting(self) -> bool: ...  # noqa: D102
    @property
    def playing(self) -> bool: ...  # noqa: D102
    @property
    def waiting(self) -> bool: ...  # noqa: D102
    @property
    def error(self) -> LabError | None: ...  # noqa: D102
    @property
    def idle(self) -> bool: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def samples_per_second(self) -> float: ...  # noqa: D102
    @property
    def seconds_left(self) -> float: ...  # noqa: D102

    def watch(self) -> Snapshot:
        """Return the newest snapshot, and note that somebody is watching."""
        ...

    def play(self) -> None:
        """Train until paused or finished."""
        ...

    def pause(self) -> None:
        """Stop after the current step, and save."""
        ...

    def step(self, count: float = 1) -> None:
        """Take some more steps."""
        ...

    def change(self, drag: int = 0, /, **knobs: Any) -> None:
        """Change live knobs; for `drag`, see `Trainer.change`."""
        ...

    def choose(self, examples: NDArray[np.int64] | None) -> None:
        """Use these held-out images as examples from now on; None for the default ones."""
        ...
