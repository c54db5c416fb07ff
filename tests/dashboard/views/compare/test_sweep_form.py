"""Sweeps on the Compare page without a browser."""

from aecore.runs import index
from aecore.runs.run import Run
from dashboard.state import active_run, experiments
from tests.dashboard.support import OpenPage, captions
from tests.support import until


def test_sweep_is_planned_trained_and_shown(open_view: OpenPage) -> None:
    page = open_view("compare")
    assert not page.exception
    page.text_input(key="sweep values bottleneck").set_value("2, 4, 5000").run()
    page.number_input(key="sweep epochs").set_value(1).run()
    assert "2 runs, about" in captions(page)
    assert "1 invalid combination:" in captions(page)
    page.button(key="start sweep").click().run()
    task = experiments.sweeps().task
    assert task is not None
    until(lambda: not task.running, 100)
    page.run()
    assert not page.exception
    assert [row.reason is None for row in sorted(task.rows, key=lambda each: each.place)] == [
        True,
        True,
        False,
    ]
    trained = {row["config"]["bottleneck"] for row in index.index(active_run.root())}
    assert trained >= {2, 4}


def test_sweep_has_the_values_entered_just_before_it_is_started(open_view: OpenPage) -> None:
    page = open_view("compare")
    page.number_input(key="sweep epochs").set_value(1)
    page.text_input(key="sweep values bottleneck").set_value("3")
    page.button(key="start sweep").click().run()
    assert not page.exception
    task = experiments.sweeps().task
    assert task is not None
    until(lambda: not task.running, 100)
    (outcome,) = task.rows
    config = Run(active_run.root() / outcome.name).config
    assert (config.bottleneck, config.epochs) == (3, 1)
