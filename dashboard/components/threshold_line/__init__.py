"""A line over a figure that is dragged along its x axis by mouse, touch or keyboard."""

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
    """Draw a draggable line over a figure, with a hint below it.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    figure : str
        The key of a `live_figure` with a linear x axis.
    at : float
        Position of the line on that axis.
    extent : (low, high)
        Range within which it can be dragged.
    movable : bool
        Whether the line is shown; if not, only the hint is.
    label : str
        Accessible label of the line, in the user's language.
    words : str
        The hint below the figure.
    on_drag : callable
        Called with the new position before the script reruns, several times a second.
    """

    def reported() -> tuple[float, int]:
        position, count = (st.session_state.get(key) or {}).get("dragged") or (at, 0)
        return float(position), int(count)

    data = {
        "key": key,
        "figure": figure,
        "at": at,
        "extent": list(extent),
        "movable": movable,
        "label": label,
        "hint": words,
        "colour": THRESHOLD,
        # Lets the browser ignore a position that is older than the last one it reported.
        "count": reported()[1],
    }
    _line(key=key, data=data, on_dragged_change=lambda: on_drag(reported()[0]))
