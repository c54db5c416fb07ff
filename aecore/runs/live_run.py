"""What a page needs of a run that is being trained, whether here or by another program."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config
from aecore.errors import LabError
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot


class LiveRun(Protocol):
    """A run to look at while it trains; `Job` trains it here, `FollowedRun` reads its saves.

    Attributes
    ----------
    run : Run
    editable : bool
        Whether it is trained here, so that it can be played, changed and paused.
    config : Config
        As last asked for; the newest snapshot may be a moment behind.
    playing : bool
        Whether steps are being made.
    error : LabError or None
        Why it stopped, where it did not stop by itself or on request.
    idle : bool
        Whether it paused because nobody watched.
    samples_per_second : float
        0 where unknown.
    seconds_left : float
        Infinite where unknown.
    """

    run: Run

    @property
    def editable(self) -> bool: ...  # noqa: D102
    @property
    def config(self) -> Config: ...  # noqa: D102
    @property
    def playing(self) -> bool: ...  # noqa: D102
    @property
    def error(self) -> LabError | None: ...  # noqa: D102
    @property
    def idle(self) -> bool: ...  # noqa: D102
    @property
    def samples_per_second(self) -> float: ...  # noqa: D102
    @property
    def seconds_left(self) -> float: ...  # noqa: D102

    def watch(self) -> Snapshot:
        """Return the newest snapshot, and note that somebody looks."""
        ...

    def play(self) -> None:
        """Train until paused or finished."""
        ...

    def pause(self) -> None:
        """Stop between two steps, and save."""
        ...

    def step(self, count: float = 1) -> None:
        """Make some more steps."""
        ...

    def change(self, **knobs: Any) -> None:
        """Change live settings."""
        ...

    def choose(self, examples: NDArray[np.int64] | None) -> None:
        """Show these held-out images from now on; None for the run's own choice."""
        ...
