"""The run this server works on: trained here, or followed while another program trains it."""

import atexit
import threading
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from aecore.config import Config
from aecore.runs.folder import new_path, runs_root
from aecore.runs.followed import FollowedRun
from aecore.runs.job import Job
from aecore.runs.live_run import LiveRun
from aecore.runs.run import Run
from aecore.training.snapshot import Snapshot
from dashboard.state import cached


@dataclass
class ActiveRun:
    """The server's run: one trained here, or one followed while another program trains it.

    All browser tabs share it, so that a refresh or a second tab finds the same run.

    Attributes
    ----------
    root : Path
        The folder of all runs.
    job : Job or None
        The run trained here.
    followed : FollowedRun or None
        A run that another program trains; looked at instead of `job`.
    """

    root: Path
    job: Job | None = None
    followed: FollowedRun | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def live(self) -> LiveRun | None:
        """The run in view."""
        return self.followed or self.job

    def start(self, settings: Config, *, play: bool = False) -> None:
        """Start a new run in place of the current one, which stays on disk."""
        with self.lock:
            dataset = cached.dataset(settings.dataset)
            run = Run.create(new_path(self.root, settings), settings)
            try:
                job = Job(run, run.start(dataset))
            except BaseException:
                run.discard()
                raise
            self._replace(job)
        if play:
            job.play()

    def open(self, run: Run) -> None:
        """Resume a run from disk; follow it if another program trains it."""
        with self.lock:
            if self.job is not None and self.job.run.path == run.path:
                self.followed = None
            elif run.busy:
                self.followed = FollowedRun(run)
            else:
                run.claim()
                try:
                    job = Job(run, run.resume(cached.dataset(run.config.dataset)))
                except BaseException:
                    run.release()
                    raise
                self._replace(job)

    def close(self) -> None:
        """Save and release the run."""
        with self.lock:
            if self.job is not None:
                self.job.close()

    def _replace(self, job: Job) -> None:
        old, self.job, self.followed = self.job, job, None
        if old is not None:
            old.close()
            if old.latest.step == 0:
                old.run.discard()


@st.cache_resource(show_spinner=False)
def active_run() -> ActiveRun:
    """Return the server's run; closing the server saves it."""
    active = ActiveRun(runs_root())
    atexit.register(active.close)
    return active


def root() -> Path:
    """Return the folder of all runs."""
    return active_run().root


def live() -> LiveRun:
    """Return the run in view."""
    current = active_run().live
    assert current is not None
    return current


def snapshot() -> Snapshot:
    """Return the newest snapshot of the run in view."""
    return live().watch()


def fingerprint() -> tuple[object, ...]:
    """Return what the sidebar and the notices depend on; when it changes they are redrawn."""
    current, newest = live(), snapshot()
    state = (current.playing, current.idle, str(current.error), newest.step > 0, newest.finished)
    return current.run.path, current.config, *state
