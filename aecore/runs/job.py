"""A trainer on a thread of its own: play, pause, step, change, close; anyone may look."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aecore.errors import LabError, RunError
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from aecore.training.trainer import Trainer

WATCHED_SECONDS = 3.0
IDLE_SECONDS = 600.0
LEAST_SECONDS_APART = 0.2
SNAPSHOT_SHARE = 0.05
ANSWER_SECONDS = 0.3
SPEED_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Job:
    """Train a run in the background.

    Parameters
    ----------
    run : Run
        Claimed by the caller; released on `close`.
    trainer : Trainer
        Only this job's thread touches it from now on.
    threads : int, optional
        Threads inside torch; one core is left for the page by default.
    idle_seconds : float
        After so long with nobody watching, the job pauses itself.

    Attributes
    ----------
    editable : bool
        True: it is trained here.
    config : Config
        As asked for; the newest snapshot may be a moment behind.
    latest : Snapshot
        The newest; replaced, never changed, so it is read without a lock.
    playing : bool
    error : LabError or None
        Why it stopped, where it did not stop by itself or on request.
    idle : bool
        Whether it paused because nobody watched.
    """

    editable = True

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        *,
        threads: int | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.run = run
        self.latest: Snapshot = trainer.snapshot()
        self.error: LabError | None = None
        self.idle = False
        self.samples_per_second = 0.0
        self.config = trainer.config
        self._trainer = trainer
        self._threads = threads or max(1, (os.cpu_count() or 2) - 1)
        self._idle_seconds = idle_seconds
        self._budget = 0.0
        self._closing = False
        self._chosen: NDArray[np.int64] | None = None
        self._commands: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._wake = threading.Event()
        self._watched_at = time.monotonic()
        self._seen_at = 0.0
        self._apart = LEAST_SECONDS_APART
        self._speed: deque[tuple[float, int]] = deque()
        self._thread = threading.Thread(target=self._work, name=f"job {run.name}", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether steps are being made."""
        return self._budget > 0

    @property
    def alive(self) -> bool:
        """Whether the job was not closed."""
        return self._thread.is_alive()

    @property
    def seconds_left(self) -> float:
        """How long the rest of the run takes at the present speed; infinite if it stands."""
        if not self.playing or not self.samples_per_second:
            return float("inf")
        left = self.latest.total_steps - self.latest.step
        return left * self.latest.config.batch_size / self.samples_per_second

    def watch(self) -> Snapshot:
        """Return the newest snapshot, and let the job know that somebody looks."""
        self._watched_at = time.monotonic()
        return self.latest

    def play(self) -> None:
        """Train until paused, finished or left alone."""
        self.watch()
        self.step(float("inf"))

    def pause(self) -> None:
        """Stop between two steps, and save."""
        self._do(self._stop)

    def step(self, count: float = 1) -> None:
        """Make some steps more."""

        def start() -> None:
            self.error, self.idle = None, False
            self._speed.clear()
            self._budget = 0 if self._trainer.finished else count

        self._do(start)

    def change(self, **knobs: Any) -> None:
        """Change live knobs; returns when a snapshot carries them, or a moment later.

        Raises
        ------
        RunError
            Where a value cannot be, or the knob needs a new run.
        """

        def change() -> None:
            try:
                self._trainer.change(**knobs)
            except LabError:
                self.config = self._trainer.config
                raise
            self._look()
            if not self.playing:
                self.run.save(self._trainer)

        self.config = self.config.changed(**knobs)
        self._do(change)

    def choose(self, examples: NDArray[np.int64] | None) -> None:
        """Show these held-out images from now on; None for the run's own choice."""

        def choose() -> None:
            self._chosen = examples
            self._look()

        self._do(choose)

    def close(self) -> None:
        """Save, let go of the run, and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job stands; return whether it does."""
        limit = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while (self._commands or self.playing) and self.alive:
            if time.monotonic() > limit:
                return False
            time.sleep(0.005)
        return True

    def _do(self, command: Callable[[], None]) -> None:
        """Have the thread do something between two steps; wait a moment for it."""
        if self._closing:
            raise self._closed()
        done: Future[None] = Future()
        self._commands.append((command, done))
        self._wake.set()
        try:
            done.result(ANSWER_SECONDS)
        except Late:
            if not self.alive:
                raise self._closed() from None
            done.add_done_callback(self._tell_late)

    def _tell_late(self, done: Future[None]) -> None:
        """Let a refusal be read that came when its asker no longer waited."""
        if isinstance(error := done.exception(), LabError):
            self.error = error

    def _closed(self) -> RunError:
        return RunError("The run {name} was closed; open it again.", name=self.run.name)

    def _work(self) -> None:
        torch.set_num_threads(self._threads)
        try:
            while not self._closing:
                self._turn()
        finally:
            self._finish()

    def _turn(self) -> None:
        """Do what was asked for, then make a step, or wait to be asked."""
        try:
            self._obey()
            if self.playing:
                self._advance()
            else:
                self._wake.wait()
                self._wake.clear()
        except LabError as error:
            self._fail(error)
        except OSError as error:
            self._fail(RunError("The run could not be saved: {error}.", error=error))
        except Exception as error:
            logger.exception("The job failed")
            self._fail(RunError("Training stopped unexpectedly: {error}.", error=error))

    def _obey(self) -> None:
        while self._commands:
            command, done = self._commands[0]
            try:
                command()
            except LabError as error:
                done.set_exception(error)
            else:
                done.set_result(None)
            finally:
                # Only now: as long as a command is obeyed, `wait` must not take the job to stand.
                self._commands.popleft()

    def _advance(self) -> None:
        self._trainer.step()
        self.run.record(self._trainer)
        now = time.monotonic()
        self._measure(now)
        if self._trainer.finished or self._budget <= 1:
            self._stop()
            return
        self._budget -= 1
        if now - self._watched_at > self._idle_seconds:
            self.idle = True
            self._stop()
        elif now - self._seen_at > self._apart and now - self._watched_at < WATCHED_SECONDS:
            self._look()

    def _look(self) -> None:
        """Take a snapshot, and leave enough time to the next that training hardly notices."""
        began = time.monotonic()
        self.latest = self._trainer.snapshot(self._chosen)
        self._seen_at = time.monotonic()
        self._apart = max(LEAST_SECONDS_APART, (self._seen_at - began) / SNAPSHOT_SHARE)

    def _measure(self, now: float) -> None:
        """Keep the speed of the last seconds."""
        self._speed.append((now, self._trainer.steps))
        while now - self._speed[0][0] > SPEED_SECONDS:
            self._speed.popleft()
        (then, before), steps = self._speed[0], self._trainer.steps
        if now > then:
            batch = self._trainer.config.batch_size
            self.samples_per_second = (steps - before) * batch / (now - then)

    def _stop(self) -> None:
        self._look()
        self.run.save(self._trainer, samples_per_second=round(self.samples_per_second))
        self._budget = 0

    def _fail(self, error: LabError) -> None:
        self.error = error
        try:
            self._look()
        finally:
            self._budget = 0

    def _finish(self) -> None:
        try:
            self.run.save(self._trainer)
        except OSError:
            logger.exception("The run could not be saved on closing")
        finally:
            self.run.release()
            while self._commands:
                self._commands.popleft()[1].set_exception(self._closed())
