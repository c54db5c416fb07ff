"""The slider that is being dragged: its value takes effect under the finger."""

import time

import streamlit as st

from aecore.config import Config
from aecore.knob import knobs
from dashboard.components.drag_relay import Movement
from dashboard.state import commands, keys

# A release that was not reported must not keep the sidebar from being redrawn for ever.
LONGEST_SECONDS = 3.0


def followed() -> list[str]:
    """Return the settings with a slider whose changes take effect immediately."""
    return [
        name
        for name, knob in knobs(Config).items()
        if knob.live and (knob.log or knob.step is not None)
    ]


def move(movement: Movement) -> None:
    """Change a setting to the value its slider shows."""
    if movement.last:
        st.session_state.pop(keys.DRAGGED, None)
    else:
        st.session_state[keys.DRAGGED] = movement.name, time.monotonic()
    commands.change(movement.drag, **{movement.name: movement.value})


def is_dragged(name: str | None = None) -> bool:
    """Return whether a slider is being dragged, or that of one setting."""
    dragged, moved_at = st.session_state.get(keys.DRAGGED, ("", 0.0))
    if not dragged or time.monotonic() - moved_at > LONGEST_SECONDS:
        return False
    return name in (None, dragged)
