"""A line over a figure that is dragged along its x axis, by mouse, finger or keys."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.figures.theme import THRESHOLD

_HERE = Path(__file__).parent

_line = st.components.v2.component(
    "threshold_line",
    html=(_HERE / "threshold_line.html").read_text("utf-8"),
    css=(_HERE / "threshold_line.css").read_text("utf-8"),
    js=(_HERE / "threshold_line.js").read_text("utf-8"),
    isolate_styles=False,
)


def threshold_line(
    key: str,
    *,
    figure: str,
    at: float,
    extent: tuple[float, float],
    movable: bool,
    label: str,
    words: str,
    on_drag: Callable[[float], None],
) -> None:
    """Lay a line over the figure above, with words below it.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    figure : str
        The key of a `live_figure` whose x axis is linear.
    at : float
        Where the line is, on that axis.
    extent : (low, high)
        How far it can be dragged.
    movable : bool
        Whether it can be; otherwise there are the words alone.
    label : str
        What a screen reader says of the line, already in the reader's language.
    words : str
        What stands below the figure.
    on_drag : callable
        Called with the new place before the script runs again, some times a second.
    """

    def told() -> tuple[float, int]:
        place, count = (st.session_state.get(key) or {}).get("dragged") or (at, 0)
        return float(place), int(count)

    data = {
        "key": key,
        "figure": figure,
        "at": at,
        "extent": list(extent),
        "movable": movable,
        "label": label,
        "hint": words,
        "colour": THRESHOLD,
        # An answer to what was told before the last is out of date, and passed over.
        "count": told()[1],
    }
    _line(key=key, data=data, on_dragged_change=lambda: on_drag(told()[0]))
