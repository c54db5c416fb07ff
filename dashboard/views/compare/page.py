"""The Compare page: the table of runs, the selected runs side by side, and sweeps."""

from dashboard.shell import page
from dashboard.views.compare import branch, run_table, sweep_form
from dashboard.views.compare.side_by_side import side_by_side


def show() -> None:
    """Show the page."""
    page.show(lambda _: None, still=still)


def still() -> None:
    """Draw the table of runs, the panels for the selected runs, and the sweep form."""
    chosen = run_table.choose()
    if chosen:
        run_table.actions(chosen)
    if len(chosen) == 1:
        branch.panel(chosen[0])
    elif chosen:
        side_by_side(chosen)
    sweep_form.panel()
