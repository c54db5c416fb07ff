"""A run that is being prepared on a thread of its own."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aecore.config import Config
from aecore.errors import LabError, RunError, disk_error
from aecore.runs.live_run import LiveRun
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot

logger = logging.getLogger(__name__)


class StartingRun:
    """Prepare a run in the background, since loading images and computing PCA can take seconds.

    See `LiveRun` for the interface. Until the run is ready, the one in view before it can still be
    watched; what is asked for meanwhile is done when the run is ready.

    Parameters
    ----------
    config : Config
        The settings of the run.
    previous : LiveRun
        The run in view until this one is ready.
    prepare : callable
        Takes a function that tells whether the run is still wanted; returns the run. Called on a
        new thread.
    done : callable
        Called with this object on the same thread, when the run is ready or has failed.
    play : bool
        Whether the run is to be played when it is ready.

    Attributes
    ----------
    ready : LiveRun or None
        The run, once it is prepared.
    error : LabError or None
        Why it could not be prepared.
    """

    editable = True
    idle = False
    waiting = False
    samples_per_second = 0.0
    seconds_left = float("inf")

    def __init__(
        self,
        config: Config,
        previous: LiveRun,
        prepare: Callable[[Callable[[], bool]], LiveRun],
        done: Callable[["StartingRun"], None],
        *,
        play: bool = False,
    ) -> None:
        self.config = config
        self.previous = previous
        self.playing = play
        self.ready: LiveRun | None = None
        self.error: LabError | None = None
        self._prepare, self._done = prepare, done
        self._deferred: list[Callable[[LiveRun], None]] = []
        self._cancelled = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="starting", daemon=True)

    @property
    def run(self) -> Run:
        """The run in view before."""
        return self.previous.run

    @property
    def device(self) -> str:
        """The device of the run in view before."""
        return self.previous.device

    @property
    def starting(self) -> bool:
        """Whether the run is still being prepared."""
        return self.ready is None and self.error is None

    def start(self) -> None:
        """Start to prepare the run."""
        self._thread.start()

    def cancel(self) -> None:
        """Do nothing of what was asked for when the run is ready: another is wanted instead."""
        with self._lock:
            self._cancelled = True

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the run is ready or has failed; return whether it is."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def watch(self) -> Snapshot:
        """Return the newest snapshot of the run in view before."""
        return self.previous.watch()

    def play(self) -> None:
        """Play the run when it is ready."""
        self._defer(lambda run: run.play(), playing=True)

    def pause(self) -> None:
        """Do not play the run when it is ready."""
        self._defer(lambda run: run.pause(), playing=False)

    def step(self, count: float = 1) -> None:
        """Take some steps when the run is ready."""
        self._defer(lambda run: run.step(count))

    def change(self, drag: int = 0, /, **knobs: Any) -> None:
        """Change live knobs when the run is ready.

        Raises
        ------
        ConfigError
            If a value is invalid.
        """
        config = self.config.changed(**knobs)
        self._defer(lambda run: run.change(drag, **knobs))
        self.config = config

    def choose(self, examples: NDArray[np.int64] | None) -> None:
        """Use these held-out images as examples when the run is ready."""
        self._defer(lambda run: run.choose(examples))

    def _defer(self, command: Callable[[LiveRun], None], *, playing: bool | None = None) -> None:
        with self._lock:
            if self.ready is not None:
                command(self.ready)
                return
            if playing is None:
                self._deferred.append(command)
            else:
                self.playing = playing

    def _work(self) -> None:
        try:
            run = self._prepare(lambda: not self._cancelled)
            with self._lock:
                if not self._cancelled:
                    for command in self._deferred:
                        command(run)
                    if self.playing:
                        run.play()
                self.ready = run
        except LabError as error:
            self.error = error
        except OSError as error:
            self.error = disk_error(error)
        except Exception as error:
            logger.exception("A run could not be prepared")
            self.error = RunError("The run could not be prepared: {error}.", error=error)
        self._done(self)
