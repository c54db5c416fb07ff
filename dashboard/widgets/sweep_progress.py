"""Progress bar of a sweep."""

import math

from aecore.experiments.sweep import Outcome
from aecore.i18n import nt, t
from dashboard.state.task import Task
from dashboard.widgets.task_progress import task_progress


def sweep_progress(task: Task[Outcome]) -> None:
    """Show the progress of a sweep and the estimated time left."""
    failed = sum(row.reason is not None for row in task.rows)
    text = nt("{done} of {count} run", "{done} of {count} runs", task.total, done=len(task.rows))
    if failed:
        text += " · " + t("{failed} failed", failed=failed)
    left = task.rows[-1].seconds_left if task.rows else math.nan
    if task.running and math.isfinite(left):
        text += " · " + t("about {left:.0f} s left", left=left)
    task_progress("cancel sweep", task, text, keep=True)
