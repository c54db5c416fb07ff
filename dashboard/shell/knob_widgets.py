"""Widgets for hyperparameters."""

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from aecore.config import Config
from aecore.i18n import t
from aecore.knob import Knob
from dashboard.shell.dragging import is_dragged
from dashboard.state import active_run, commands, keys


def widget(knob: Knob, config: Config) -> None:
    """Show the widget of a hyperparameter; changes take effect immediately."""
    key, initial = versioned_widget(knob.name, _option(knob, getattr(config, knob.name)))
    options: dict[str, Any] = {
        "key": key,
        "help": _help(knob),
        "on_change": apply_change,
        "args": (knob.name, key, lambda value: commands.change(**{knob.name: value})),
        "disabled": not knob.matters(config) or not active_run.live().editable,
    }
    label = str(knob.label)
    if knob.kind == "choice":
        # A shared link may choose what this machine does not have.
        present = {*knob.options, initial}
        values = [name for name in knob.choices if name in present]
        st.selectbox(
            label,
            values,
            values.index(initial),
            format_func=lambda value: str(knob.choices[value].label),
            **options,
        )
    elif knob.kind == "switch":
        st.toggle(label, initial, **options)
    elif knob.kind == "text":
        st.text_input(label, initial, placeholder=knob.example, **options)
    elif knob.log:
        st.select_slider(label, marks(knob, float(initial)), initial, **options)
    elif knob.step is not None:
        kind = int if knob.kind == "integer" else float
        low, high, step = (kind(each or 0) for each in (knob.low, knob.high, knob.step))
        st.slider(label, low, high, kind(initial), step, **options)
    else:
        st.number_input(label, knob.low, knob.high, initial, step=1, **options)


def marks(knob: Knob, *present: float) -> list[str]:
    """Return the options of a logarithmic slider, about eight per decade, in ascending order.

    Parameters
    ----------
    knob : Knob
        Must have bounds.
    *present : float
        Values that must be among the options.
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


def _option(knob: Knob, value: Any) -> Any:
    return _mark(value) if knob.log else value


def versioned_widget(name: str, value: Any) -> tuple[str, Any]:
    """Return the key and the initial value of the widget that is to show a value.

    If the value changes other than through the widget, the widget is replaced by one with a new
    key. A rerun already in progress would otherwise report the old value, which Streamlit takes
    for a user's choice. For the same reason the value is passed as the initial value and never
    set in the session state: a value set there is sent to the browser only once, and lost if the
    next rerun overtakes it.

    Parameters
    ----------
    name : str
        Name of the widget; its key is derived from it.
    value : object
        The value to show.
    """
    turn, initial = st.session_state.get(keys.widget_turn(name), (0, value))
    shown = st.session_state.get(_versioned_key(name, turn), initial)
    if shown != value and not is_dragged(name):
        turn, initial = turn + 1, value
    st.session_state[keys.widget_turn(name)] = turn, initial
    return _versioned_key(name, turn), initial


def _versioned_key(name: str, turn: int) -> str:
    return f"{name} turn {turn}" if turn else name


def apply_change(name: str, key: str, act: Callable[[Any], None]) -> None:
    """Call `act` with the value the user chose, ignoring widgets that were removed or replaced.

    A rerun in progress may still report a removed widget, which Streamlit, having discarded it,
    takes for a user's choice. Streamlit also discards a widget's value when a concurrent rerun
    ends without showing the widget.

    Parameters
    ----------
    name, key : str
        As for `versioned_widget`.
    act : callable
    """
    turn, _ = st.session_state.get(keys.widget_turn(name), (0, None))
    if key != _versioned_key(name, turn):
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
