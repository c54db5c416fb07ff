"""Sweeps on the Compare page without a browser."""

from aecore.runs import index
from dashboard.state import active_run, experiments
from tests.dashboard.support import Open, captions
from tests.support import until


def test_a_sweep_is_planned_made_and_shown(open_view: Open) -> None:
    page = open_view("compare")
    assert not page.exception
    page.text_input(key="sweep values bottleneck").set_value("2, 4, 5000").run()
    page.number_input(key="sweep epochs").set_value(1).run()
    assert "2 runs, about" in captions(page)
    assert "1 invalid combination:" in captions(page)
    page.button(key="start sweep").click().run()
    found = experiments.sweeps().task
    assert found is not None
    until(lambda: not found.running, 100)
    page.run()
    assert not page.exception
    assert [row.reason is None for row in sorted(found.rows, key=lambda each: each.place)] == [
        True,
        True,
        False,
    ]
    made = {row["config"]["bottleneck"] for row in index.index(active_run.active_run().root)}
    assert made >= {2, 4}
