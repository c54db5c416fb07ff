"""The Compare page: all runs, those chosen side by side, and sweeps of many."""

from dashboard import branch_panel, run_table, shell, sweep_panel
from dashboard.versus import versus


def show() -> None:
    """Show the page."""
    shell.show(lambda _: None, still=still)


def still() -> None:
    """Draw the table, and what it asks for."""
    chosen = run_table.choose()
    if chosen:
        run_table.actions(chosen)
    if len(chosen) == 1:
        branch_panel.panel(chosen[0])
    elif chosen:
        versus(chosen)
    sweep_panel.panel()
