from itertools import pairwise
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.config import Config
from aecore.knob import Knob, knobs
from aecore.presets import PRESETS
from dashboard.shell.knob_widgets import marks
from dashboard.state import active_run
from tests.dashboard.support import Open

KNOBS = knobs(Config)
BY_RATIO = [name for name, knob in KNOBS.items() if knob.log]


def kind_of_widget(knob: Knob) -> str:
    if knob.kind in ("choice", "switch", "text"):
        chosen_from = {"choice": "selectbox", "switch": "toggle", "text": "text_input"}
        return "selectbox" if knob.name == "dataset" else chosen_from[knob.kind]
    if knob.log:
        return "select_slider"
    return "slider" if knob.step is not None else "number_input"


def the(page: AppTest, kind: str, name: str) -> Any:
    """Return the only widget of a kind that has this name; what the page set has a turn behind."""
    (found,) = [
        each
        for each in page.get(kind)
        if each.key == name or str(each.key).startswith(f"{name} turn")
    ]
    return found


def test_every_knob_has_the_widget_that_suits_it(open_page: Open) -> None:
    page = open_page()
    assert not page.exception
    for name, knob in KNOBS.items():
        found = the(page, kind_of_widget(knob), name)
        assert found.label == str(knob.label)
        assert str(knob.description) in found.help


def test_bounds_and_choices_are_those_of_the_knob(open_page: Open) -> None:
    page = open_page()
    for name, knob in KNOBS.items():
        if knob.kind == "choice":
            assert len(page.selectbox(key=name).options) == len(knob.choices)
        elif knob.log:
            options = page.select_slider(key=name).options
            assert (float(options[0]), float(options[-1])) == (knob.low, knob.high)
        elif knob.step is not None:
            slider = page.slider(key=name)
            assert (slider.min, slider.max, slider.step) == (knob.low, knob.high, knob.step)
        elif knob.kind in ("integer", "number"):
            number = page.number_input(key=name)
            assert (number.min, number.max) == (knob.low, knob.high)


def test_a_knob_without_effect_is_disabled(open_page: Open) -> None:
    page = open_page()
    assert page.slider(key="momentum").disabled
    page.selectbox(key="optimizer").set_value("sgd").run()
    assert not page.slider(key="momentum").disabled


@pytest.mark.parametrize(
    ("settings", "widget", "name", "value", "says"),
    [
        ({}, "selectbox", "loss", "bce", "Cross-entropy needs outputs between 0 and 1"),
        ({}, "selectbox", "code_activation", "sigmoid", "A linear path needs a linear code"),
        ({}, "selectbox", "sparsity_kind", "kl", "KL sparsity needs activations"),
        ({}, "number_input", "pretrain_epochs", 2, "Layer-wise pretraining and the linear path"),
        ({"tied": True}, "selectbox", "architecture", "convolutional", "Tied weights are for"),
        ({}, "text_input", "hidden", "wide", "hidden is 'wide'; provide something like 512-256."),
        ({}, "text_input", "hidden", "9999", "Hidden widths contains 9999; choose 1 to 4096"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    open_page: Open,
    settings: dict[str, object],
    widget: str,
    name: str,
    value: object,
    says: str,
) -> None:
    page = open_page(**settings)
    job = active_run.active_run().job
    before = the(page, widget, name).value
    the(page, widget, name).set_value(value).run()
    (said,) = page.error
    assert says in said.value
    assert the(page, widget, name).value == before
    assert active_run.active_run().job is job


def test_the_sentence_goes_once_something_else_is_done(open_page: Open) -> None:
    page = open_page()
    page.selectbox(key="loss").set_value("bce").run()
    assert page.error
    page.slider(key="noise").set_value(0.2).run()
    assert not page.error


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_its_knobs_and_is_recognised(open_page: Open, name: str) -> None:
    page = open_page(seed=3)
    assert page.selectbox(key="preset").value is None
    page.selectbox(key="preset").set_value(name).run()
    assert not page.error
    assert page.selectbox(key="preset").value == name
    now = active_run.snapshot().config
    assert {knob: getattr(now, knob) for knob in PRESETS[name].values} == PRESETS[name].values


@pytest.mark.parametrize("name", BY_RATIO)
def test_marks_go_from_bound_to_bound_and_are_what_config_takes(name: str) -> None:
    knob = KNOBS[name]
    assert knob.low is not None
    assert knob.high is not None
    between = (knob.low + knob.high) / 2 + 1.25
    present = round(between) if knob.kind == "integer" else between
    found = marks(knob, present)
    values = [getattr(Config(**{name: mark}), name) for mark in found]
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (knob.low, knob.high)
    assert {knob.default, present} <= set(values)
    assert len(values) < 100


@pytest.mark.parametrize("name", BY_RATIO)
def test_marks_lie_close_by_ratio(name: str) -> None:
    values = [float(mark) for mark in marks(KNOBS[name])]
    steps = [after / before for before, after in pairwise(values) if before]
    assert max(steps) <= 2


def test_a_value_from_elsewhere_has_a_mark_on_the_page(open_page: Open) -> None:
    page = open_page(bottleneck=13, learning_rate=0.00123)
    assert page.select_slider(key="bottleneck").value == "13"
    assert page.select_slider(key="learning_rate").value == "0.00123"


def test_examples_of_one_class_or_others(open_page: Open) -> None:
    page = open_page()
    first = active_run.snapshot().examples.indices.tolist()
    page.button(key="others").click().run()
    others = active_run.snapshot().examples.indices.tolist()
    assert others != first
    page.selectbox(key="example class").set_value(7).run()
    assert set(active_run.snapshot().examples.labels.tolist()) == {7}
    page.selectbox(key="example class").set_value(None).run()
    assert active_run.snapshot().examples.indices.tolist() == others
