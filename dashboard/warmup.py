"""Import what the first page needs, and then do what is slow the first time; meant for threads."""

import importlib
import os
import threading

# Threads of torch that wait by spinning would take the processor from the page.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Plotly looks into pandas wherever it finds it among the modules, even while another thread is
# still importing it, as a page does that uses scikit-learn: then no figure can be drawn.
import pandas  # noqa: F401
import torch

import dashboard.views.train.page  # noqa: F401
from aecore.runs import index
from aecore.runs.folder import runs_root

DRAWN_SECONDS = 2.0


def rest() -> threading.Thread:
    """Do the rest in the background, when the browser has drawn the first page."""
    started = threading.Timer(DRAWN_SECONDS, _rest)
    started.daemon = True
    started.start()
    return started


def _rest() -> None:
    # The first optimizer imports torch's compiler.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)], fused=True).step()
    importlib.import_module("dashboard.views.manifold.page")
    # Its process compiles UMAP, which takes longer than anyone would wait.
    importlib.import_module("dashboard.state.maps").map_service()
    # Thousands of folders are read before anyone asks for their table.
    index.index(runs_root())
