"""Widgets for hyperparameters."""

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from aecore.config import Config
from aecore.i18n import t
from aecore.knob import Knob
from dashboard.state import active_run, commands, keys


def widget(knob: Knob, config: Config) -> None:
    """Show one knob; a change acts at once."""
    key, first = _stand(knob.name, _shown(knob, getattr(config, knob.name)))
    about: dict[str, Any] = {
        "key": key,
        "help": _help(knob),
        "on_change": _chosen,
        "args": (knob.name, key, lambda value: commands.change(**{knob.name: value})),
        "disabled": not knob.matters(config) or not active_run.live().editable,
    }
    label = str(knob.label)
    if knob.kind == "choice":
        st.selectbox(
            label,
            list(knob.choices),
            list(knob.choices).index(first),
            format_func=lambda value: str(knob.choices[value].label),
            **about,
        )
    elif knob.kind == "switch":
        st.toggle(label, first, **about)
    elif knob.kind == "text":
        st.text_input(label, first, placeholder=knob.example, **about)
    elif knob.log:
        st.select_slider(label, marks(knob, float(first)), first, **about)
    elif knob.step is not None:
        kind = int if knob.kind == "integer" else float
        low, high, step = (kind(each or 0) for each in (knob.low, knob.high, knob.step))
        st.slider(label, low, high, kind(first), step, **about)
    else:
        st.number_input(label, knob.low, knob.high, first, step=1, **about)


def marks(knob: Knob, *present: float) -> list[str]:
    """Return the places of a slider that goes by ratio: about eight for each factor of ten.

    Parameters
    ----------
    knob : Knob
        With bounds.
    *present : float
        Values that must be among them.
    """
    assert knob.low is not None
    assert knob.high is not None
    values = {knob.low, knob.high, knob.default, *present}
    smallest = knob.low or knob.high * 1e-4
    for power in range(math.floor(math.log10(smallest)), math.ceil(math.log10(knob.high)) + 1):
        for lead in (1, 1.5, 2, 3, 4, 5, 6, 8):
            value = lead * 10.0**power
            values.add(round(value) if knob.kind == "integer" else value)
    if knob.kind == "integer":
        values |= {2**power for power in range(21)}
    return [_mark(value) for value in sorted(values) if knob.low <= value <= knob.high]


def _mark(value: float) -> str:
    return f"{value:.10g}"


def _shown(knob: Knob, value: Any) -> Any:
    return _mark(value) if knob.log else value


def _stand(name: str, value: Any) -> tuple[str, Any]:
    """Return the key of the widget that stands at a value, and where that widget first stood.

    Where the value is not what the widget holds, it gets a new one: a tick of the page under way
    would bring the old one's value back, which Streamlit takes for a choice. For the same reason
    a value is never set but given as the widget's first: one that is set is told to the browser
    once, and forgotten if the next run overtakes it.
    """
    turn, first = st.session_state.get(keys.widget_turn(name), (0, value))
    if st.session_state.get(_turned(name, turn), first) != value:
        turn, first = turn + 1, value
    st.session_state[keys.widget_turn(name)] = turn, first
    return _turned(name, turn), first


def _turned(name: str, turn: int) -> str:
    return f"{name} turn {turn}" if turn else name


def _chosen(name: str, key: str, act: Callable[[Any], None]) -> None:
    """Do what a person chose, unless by a widget that is gone or whose place another has taken.

    A tick of the page under way still tells of the one that is gone, and Streamlit, which has
    forgotten it, takes that for a choice. Streamlit also forgets the value of a widget when
    another run of the page, under way at the same time, ends without showing it.
    """
    turn, _ = st.session_state.get(keys.widget_turn(name), (0, None))
    if key != _turned(name, turn):
        return
    try:
        value = st.session_state[key]
    except KeyError:
        return
    act(value)


def _help(knob: Knob) -> str:
    timing = t("Takes effect immediately.") if knob.live else t("Changing it starts a new run.")
    if not knob.choices:
        return f"{knob.description} ({knob.span})\n\n{timing}"
    choices = [
        f"**{each.label}**: {each.description}" if each.description else f"**{each.label}**"
        for each in knob.choices.values()
    ]
    return "\n\n".join([str(knob.description), *choices, timing])
