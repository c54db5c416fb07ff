"""The Reduce page: what a small code keeps, beside PCA; and the kinds of autoencoders."""

from aecore.training.snapshot import Snapshot
from dashboard.shell import page
from dashboard.state import active_run, cached, experiments
from dashboard.views.reduce import bottlenecks, scaling, variants
from dashboard.widgets.polling import poll
from dashboard.widgets.sweep_progress import sweep_progress


def show() -> None:
    """Show the page."""
    page.show(_nothing, still=still)


def _nothing(newest: Snapshot) -> None:
    """Draw nothing with each snapshot: what this page shows changes when runs are finished."""


def still() -> None:
    """Draw error against bottleneck, what classifiers get, the variants, and growing data."""
    dataset = cached.dataset(active_run.live().config.dataset)
    poll("reduce sweep", _progress)
    bottlenecks.panel(dataset)
    variants.panel(dataset)
    scaling.panel()


def _progress() -> int:
    """Show how far the sweep is; the page is redrawn with each of its runs."""
    task = experiments.sweeps().task
    if task is None or not task.running:
        return 0
    sweep_progress(task)
    return 1 + len(task.rows)
