from itertools import pairwise
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from aecore.config import Config
from aecore.knob import Knob, knobs
from aecore.presets import PRESETS
from dashboard.shell.knob_widgets import marks
from dashboard.state import active_run
from tests.dashboard.support import OpenPage

KNOBS = knobs(Config)
LOGARITHMIC = [name for name, knob in KNOBS.items() if knob.log]


def kind_of_widget(knob: Knob) -> str:
    if knob.kind in ("choice", "switch", "text"):
        widgets = {"choice": "selectbox", "switch": "toggle", "text": "text_input"}
        return "selectbox" if knob.name == "dataset" else widgets[knob.kind]
    if knob.log:
        return "select_slider"
    return "slider" if knob.step is not None else "number_input"


def find_widget(page: AppTest, kind: str, name: str) -> Any:
    """Return the only widget of a kind for a name.

    Its key ends in a turn number if the page has set its value.
    """
    (widget,) = [
        each
        for each in page.get(kind)
        if each.key == name or str(each.key).startswith(f"{name} turn")
    ]
    return widget


def test_every_knob_has_a_suitable_widget(open_page: OpenPage) -> None:
    page = open_page()
    assert not page.exception
    for name, knob in KNOBS.items():
        widget = find_widget(page, kind_of_widget(knob), name)
        assert widget.label == str(knob.label)
        assert str(knob.description) in widget.help


def test_widget_bounds_and_choices_match_the_knob(open_page: OpenPage) -> None:
    page = open_page()
    for name, knob in KNOBS.items():
        if knob.kind == "choice":
            assert len(page.selectbox(key=name).options) == len({*knob.options, knob.default})
        elif knob.log:
            options = page.select_slider(key=name).options
            assert (float(options[0]), float(options[-1])) == (knob.low, knob.high)
        elif knob.step is not None:
            slider = page.slider(key=name)
            assert (slider.min, slider.max, slider.step) == (knob.low, knob.high, knob.step)
        elif knob.kind in ("integer", "number"):
            number = page.number_input(key=name)
            assert (number.min, number.max) == (knob.low, knob.high)


def test_knob_without_effect_is_disabled(open_page: OpenPage) -> None:
    page = open_page()
    assert page.slider(key="momentum").disabled
    page.selectbox(key="optimizer").set_value("sgd").run()
    assert not page.slider(key="momentum").disabled


@pytest.mark.parametrize(
    ("settings", "widget", "name", "value", "message"),
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
def test_invalid_setting_is_rejected_with_a_message(
    open_page: OpenPage,
    settings: dict[str, object],
    widget: str,
    name: str,
    value: object,
    message: str,
) -> None:
    page = open_page(**settings)
    job = active_run.live()
    before = find_widget(page, widget, name).value
    find_widget(page, widget, name).set_value(value).run()
    (error,) = page.error
    assert message in error.value
    assert find_widget(page, widget, name).value == before
    assert active_run.live() is job


def test_error_disappears_after_the_next_change(open_page: OpenPage) -> None:
    page = open_page()
    page.selectbox(key="loss").set_value("bce").run()
    assert page.error
    page.slider(key="noise").set_value(0.2).run()
    assert not page.error


@pytest.mark.parametrize("name", PRESETS)
def test_preset_sets_its_knobs_and_is_recognised(open_page: OpenPage, name: str) -> None:
    page = open_page(seed=3)
    assert page.selectbox(key="preset").value is None
    page.selectbox(key="preset").set_value(name).run()
    assert not page.error
    assert page.selectbox(key="preset").value == name
    config = active_run.snapshot().config
    assert {knob: getattr(config, knob) for knob in PRESETS[name].values} == PRESETS[name].values


@pytest.mark.parametrize("name", LOGARITHMIC)
def test_marks_span_the_bounds_and_are_valid_settings(name: str) -> None:
    knob = KNOBS[name]
    assert knob.low is not None
    assert knob.high is not None
    middle = (knob.low + knob.high) / 2 + 1.25
    current = round(middle) if knob.kind == "integer" else middle
    options = marks(knob, current)
    values = [getattr(Config(**{name: mark}), name) for mark in options]
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (knob.low, knob.high)
    assert {knob.default, current} <= set(values)
    assert len(values) < 100


@pytest.mark.parametrize("name", LOGARITHMIC)
def test_neighbouring_marks_differ_by_at_most_a_factor_of_two(name: str) -> None:
    values = [float(mark) for mark in marks(KNOBS[name])]
    ratios = [after / before for before, after in pairwise(values) if before]
    assert max(ratios) <= 2


def test_any_value_in_the_url_gets_a_mark(open_page: OpenPage) -> None:
    page = open_page(bottleneck=13, learning_rate=0.00123)
    assert page.select_slider(key="bottleneck").value == "13"
    assert page.select_slider(key="learning_rate").value == "0.00123"


def test_examples_can_be_changed_and_limited_to_a_class(open_page: OpenPage) -> None:
    page = open_page()
    first = active_run.snapshot().examples.indices.tolist()
    page.button(key="others").click().run()
    others = active_run.snapshot().examples.indices.tolist()
    assert others != first
    page.selectbox(key="example class").set_value(7).run()
    assert set(active_run.snapshot().examples.labels.tolist()) == {7}
    page.selectbox(key="example class").set_value(None).run()
    assert active_run.snapshot().examples.indices.tolist() == others
