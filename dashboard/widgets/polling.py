"""Parts of a page that are redrawn at regular intervals while something runs."""

from collections.abc import Callable

import streamlit as st

from dashboard.state import keys

POLL_SECONDS = 1.0
PENDING = "…"
"""Placeholder for a value that is still being computed."""


def poll(name: str, draw: Callable[[], int], *, seconds: float = POLL_SECONDS) -> None:
    """Draw a part of the page, and redraw it at regular intervals while something runs.

    Parameters
    ----------
    name : str
        Unique name of the part.
    draw : callable
        Draws the part and returns its state: 0 or False if nothing runs. When the state changes,
        the whole page is redrawn.
    seconds : float
        Interval between redraws.
    """
    key = keys.polling(name)
    previous = st.session_state.get(key, 0)

    def part() -> None:
        state = draw()
        if state != previous:
            st.session_state[key] = state
            st.rerun()

    st.fragment(part, run_every=seconds if previous else None)()
