"""The run in view of this browser session, and the open runs of this server."""

import atexit
from pathlib import Path

import streamlit as st

from aecore.runs.folder import runs_root
from aecore.runs.live_run import LiveRun
from aecore.runs.open_runs import OpenRuns
from aecore.training.snapshot import Snapshot
from dashboard.state import cached
from dashboard.state.sessions import Session, Sessions


@st.cache_resource(show_spinner=False)
def sessions() -> Sessions:
    """Return the browser sessions of this server; closing the server saves their runs."""
    runs = OpenRuns(runs_root(), cached.dataset)
    atexit.register(runs.close_all)
    return Sessions(runs)


def session() -> Session:
    """Return this browser session."""
    return sessions().current()


def runs() -> OpenRuns:
    """Return the open runs of this server."""
    return sessions().runs


def root() -> Path:
    """Return the folder of all runs."""
    return runs().root


def live() -> LiveRun:
    """Return the run in view."""
    current = session().live
    assert current is not None
    return current


def snapshot() -> Snapshot:
    """Return the newest snapshot of the run in view."""
    return live().watch()


def fingerprint() -> tuple[object, ...]:
    """Return what the sidebar and the notices depend on; when it changes they are redrawn."""
    current, newest = live(), snapshot()
    activity = (current.starting, current.playing, current.waiting, current.idle)
    progress = (newest.step > 0, newest.finished)
    return current.run.path, current.config, *activity, *progress, str(current.error)
