"""Parts of a page that are redrawn by themselves while something runs."""

from collections.abc import Callable

import streamlit as st

from dashboard.state import keys

POLL_SECONDS = 1.0
PENDING = "…"
"""Stands for a value that is still being computed."""


def poll(name: str, draw: Callable[[], int], *, seconds: float = POLL_SECONDS) -> None:
    """Draw a part of the page, and redraw it as long as something runs.

    Parameters
    ----------
    name : str
        Another one for every part.
    draw : callable
        Draws the part. Returns 0, or False, where nothing runs; when it returns another value
        than before, the whole page is redrawn.
    seconds : float
        Between two redraws.
    """
    key = keys.polling(name)
    known = st.session_state.get(key, 0)

    def part() -> None:
        state = draw()
        if state != known:
            st.session_state[key] = state
            st.rerun()

    st.fragment(part, run_every=seconds if known else None)()
