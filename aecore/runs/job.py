"""A trainer on its own thread, which can be played, paused, stepped, changed and watched."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from aecore.errors import LabError, RunError
from aecore.runs.run import Run
from aecore.runs.slots import TORCH_THREADS, TrainingSlots
from aecore.training.snapshot import Snapshot
from aecore.training.trainer import Trainer

WATCHED_SECONDS = 3.0
IDLE_SECONDS = 600.0
IDLE_CHECK_SECONDS = 1.0
LEAST_SNAPSHOT_INTERVAL = 0.2
SNAPSHOT_SHARE = 0.05
ANSWER_SECONDS = 0.3
SPEED_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Job:
    """Train a run in the background.

    Parameters
    ----------
    run : Run
        Locked by the caller, or a draft, which is put on disk at the first step. Released on
        `close`.
    trainer : Trainer
        From now on used only by this job's thread.
    threads : int
        Number of torch threads.
    slots : TrainingSlots, optional
        Limits how many jobs play at once; by default any number may. A few steps need no slot.
    idle_seconds : float
        Time without a watcher after which the job pauses.

    Attributes
    ----------
    editable : bool
        Always True.
    starting : bool
        Always False.
    config : Config
        The settings last requested; the newest snapshot may be slightly older.
    latest : Snapshot
        The newest snapshot; replaced, never modified, so it can be read without a lock.
    playing : bool
    error : LabError or None
        The error that stopped training, if any.
    idle : bool
        Whether it paused because nobody was watching.
    device : str
        Where it is trained: 'cpu', 'cuda' or 'mps'.
    """

    editable = True
    starting = False

    def __init__(
        self,
        run: Run,
        trainer: Trainer,
        *,
        threads: int = TORCH_THREADS,
        slots: TrainingSlots | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.run = run
        self.latest: Snapshot = trainer.snapshot()
        self.error: LabError | None = None
        self.idle = False
        self.samples_per_second = 0.0
        self.config = trainer.config
        self.device = trainer.device
        self._trainer = trainer
        self._threads = threads
        self._slots = slots
        self._idle_seconds = idle_seconds
        self._budget = 0.0
        self._closing = False
        self._chosen: NDArray[np.int64] | None = None
        self._commands: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._wake = threading.Event()
        self._watched_at = time.monotonic()
        self._snapshot_at = 0.0
        self._snapshot_interval = LEAST_SNAPSHOT_INTERVAL
        self._recent_steps: deque[tuple[float, int]] = deque()
        self._thread = threading.Thread(target=self._work, name=f"job {run.name}", daemon=True)
        self._thread.start()

    @property
    def playing(self) -> bool:
        """Whether it is training now, or will as soon as it is its turn."""
        return self._budget > 0

    @property
    def waiting(self) -> bool:
        """Whether it is playing, but as many others are as may train at once."""
        return self.playing and self._slots is not None and self._slots.is_waiting(self)

    @property
    def watched(self) -> bool:
        """Whether somebody looked at it within the last seconds."""
        return time.monotonic() - self._watched_at < WATCHED_SECONDS

    def wake(self) -> None:
        """Wake the job's thread from waiting for a command or for its turn."""
        self._wake.set()

    @property
    def alive(self) -> bool:
        """Whether the job's thread is running, which it is until `close`."""
        return self._thread.is_alive()

    @property
    def seconds_left(self) -> float:
        """Time to the end of the run at the present speed; infinite while paused."""
        if not self.playing or not self.samples_per_second:
            return float("inf")
        left = self.latest.total_steps - self.latest.step
        return left * self.latest.config.batch_size / self.samples_per_second

    def watch(self) -> Snapshot:
        """Return the newest snapshot, and note that somebody is watching."""
        self._watched_at = time.monotonic()
        return self.latest

    def play(self) -> None:
        """Train until paused, finished or no longer watched."""
        self.watch()
        self.step(float("inf"))

    def pause(self) -> None:
        """Stop after the current step, and save."""
        self._execute(self._stop)

    def step(self, count: float = 1) -> None:
        """Take some more steps."""

        def start() -> None:
            self.error, self.idle = None, False
            # What did not fit on a full disk comes first: the next step would overtake it.
            if self.run.on_disk:
                self.run.record(self._trainer)
            self._recent_steps.clear()
            self._budget = count
            if self._trainer.finished:
                self._rest()

        self._execute(start)

    def change(self, drag: int = 0, /, **knobs: Any) -> None:
        """Change live knobs; for `drag`, see `Trainer.change`.

        Returns once a snapshot includes the change, or after a short timeout.

        Raises
        ------
        ConfigError
            If a value is invalid.
        RunError
            If a knob cannot change during a run.
        """

        def change() -> None:
            try:
                self._trainer.change(drag, **knobs)
            except LabError:
                self.config = self._trainer.config
                raise
            self._take_snapshot()
            if not self.playing:
                self._save()

        self.config = self.config.changed(**knobs)
        self._execute(change)

    def choose(self, examples: NDArray[np.int64] | None) -> None:
        """Use these held-out images as examples from now on; None for the default ones."""

        def choose() -> None:
            self._chosen = examples
            self._take_snapshot()

        self._execute(choose)

    def close(self) -> None:
        """Save and release the run, and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job is paused; return whether it is."""
        limit = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while (self._commands or self.playing) and self.alive:
            if time.monotonic() > limit:
                return False
            time.sleep(0.005)
        return True

    def _execute(self, command: Callable[[], None]) -> None:
        """Run a command on the job's thread between two steps, and wait briefly for its end."""
        if self._closing:
            raise self._closed()
        done: Future[None] = Future()
        self._commands.append((command, done))
        self._wake.set()
        try:
            done.result(ANSWER_SECONDS)
        except FutureTimeoutError:
            if not self.alive:
                raise self._closed() from None
            done.add_done_callback(self._keep_late_error)

    def _keep_late_error(self, done: Future[None]) -> None:
        """Keep an error that arrives after the caller timed out."""
        if isinstance(error := done.exception(), LabError):
            self.error = error

    def _closed(self) -> RunError:
        return RunError("The run {name} was closed; open it again.", name=self.run.name)

    def _work(self) -> None:
        torch.set_num_threads(self._threads)
        try:
            while not self._closing:
                self._iterate()
        finally:
            self._finish()

    def _iterate(self) -> None:
        """Run pending commands, then take a step or wait for the next command."""
        try:
            self._run_commands()
            if self.playing and self._may_train():
                self._advance()
            else:
                self._wait()
        except LabError as error:
            self._fail(error)
        except OSError as error:
            self._fail(RunError("The run could not be saved: {error}.", error=error))
        except Exception as error:
            logger.exception("The job failed")
            self._fail(RunError("Training stopped unexpectedly: {error}.", error=error))

    def _may_train(self) -> bool:
        # A few steps end by themselves, and somebody is waiting for them.
        return math.isfinite(self._budget) or self._slots is None or self._slots.request(self)

    def _wait(self) -> None:
        """Wait for a command or for a slot; stop waiting for a slot where nobody watches."""
        self._wake.wait(IDLE_CHECK_SECONDS if self.playing else None)
        self._wake.clear()
        if self.playing and time.monotonic() - self._watched_at > self._idle_seconds:
            self.idle = True
            self._stop()

    def _run_commands(self) -> None:
        while self._commands:
            command, done = self._commands[0]
            try:
                command()
            except LabError as error:
                done.set_exception(error)
            else:
                done.set_result(None)
            finally:
                # Not before: while a command runs, `wait` must not consider the job paused.
                self._commands.popleft()

    def _advance(self) -> None:
        if not self.run.on_disk:
            self.run.begin(self._trainer)
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
        elif self._is_snapshot_due(now) and now - self._watched_at < WATCHED_SECONDS:
            self._take_snapshot()

    def _is_snapshot_due(self, now: float) -> bool:
        return now - self._snapshot_at > self._snapshot_interval

    def _take_snapshot(self) -> None:
        """Take a snapshot, and limit the share of time spent on snapshots."""
        started = time.monotonic()
        self.latest = self._trainer.snapshot(self._chosen)
        self._snapshot_at = time.monotonic()
        seconds = self._snapshot_at - started
        self._snapshot_interval = max(LEAST_SNAPSHOT_INTERVAL, seconds / SNAPSHOT_SHARE)

    def _measure(self, now: float) -> None:
        """Measure the speed over the last few seconds."""
        self._recent_steps.append((now, self._trainer.steps))
        while now - self._recent_steps[0][0] > SPEED_SECONDS:
            self._recent_steps.popleft()
        (then, before), steps = self._recent_steps[0], self._trainer.steps
        if now > then:
            batch = self._trainer.config.batch_size
            self.samples_per_second = (steps - before) * batch / (now - then)

    def _stop(self) -> None:
        self._take_snapshot()
        self._save(samples_per_second=round(self.samples_per_second))
        self._rest()

    def _rest(self) -> None:
        self._budget = 0
        if self._slots is not None:
            self._slots.leave(self)

    def _save(self, **facts: float) -> None:
        if self.run.on_disk:
            self.run.save(self._trainer, **facts)

    def _fail(self, error: LabError) -> None:
        self.error = error
        try:
            self._take_snapshot()
        finally:
            self._rest()

    def _finish(self) -> None:
        try:
            self._save()
        except OSError:
            logger.exception("The run could not be saved on closing")
        finally:
            self._rest()
            self.run.release()
            while self._commands:
                self._commands.popleft()[1].set_exception(self._closed())
