"""Import the first page and, on a background thread, warm up whatever is slow the first time."""

import os
import threading
from contextlib import suppress

# By default, idle torch threads spin, which takes processor time from the page.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Plotly uses pandas whenever it is in sys.modules, even if another thread is still importing it
# (scikit-learn does), and then fails. Importing it here first avoids that.
import pandas  # noqa: F401

import dashboard.views.train.page  # noqa: F401
from aecore import imports
from aecore.errors import LabError
from aecore.runs import index
from aecore.runs.folder import runs_root

FIRST_PAGE_SECONDS = 2.0


def start() -> threading.Thread:
    """Start warming up once the browser has rendered the first page.

    Returns
    -------
    threading.Thread
        A daemon thread, already started.
    """
    thread = threading.Timer(FIRST_PAGE_SECONDS, _warm_up)
    thread.daemon = True
    thread.start()
    return thread


def _warm_up() -> None:
    imports.load("dashboard.views.manifold.page")
    # Its worker process compiles UMAP, which is too slow to do on first use.
    imports.load("dashboard.state.maps").map_service()
    # There may be thousands of run folders to read before the table of runs can be shown.
    with suppress(LabError):  # The pages say it.
        index.index(runs_root())
