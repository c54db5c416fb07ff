"""The Dimensionality page: autoencoders compared with PCA, by code size and by variant."""

from aecore.training.snapshot import Snapshot
from dashboard.shell import page
from dashboard.state import active_run, cached, experiments
from dashboard.views.reduce import bottlenecks, scaling, variants
from dashboard.widgets.polling import poll
from dashboard.widgets.sweep_progress import sweep_progress


def show() -> None:
    """Show the page."""
    page.show(_draw_nothing, still=still)


def _draw_nothing(newest: Snapshot) -> None:
    """Draw nothing: the content of this page does not depend on the snapshot."""


def still() -> None:
    """Show errors and classifier accuracies by bottleneck, the variants, and scaling."""
    dataset = cached.dataset(active_run.live().config.dataset)
    poll("reduce sweep", _progress)
    bottlenecks.panel(dataset)
    variants.panel(dataset)
    scaling.panel()


def _progress() -> int:
    """Show the progress of the sweep.

    Returns
    -------
    int
        0 without a running sweep; otherwise a number that changes with each finished run, upon
        which the page is redrawn.
    """
    task = experiments.sweeps().task
    if task is None or not task.running:
        return 0
    sweep_progress(task)
    return 1 + len(task.rows)
