"""Report the values of the sidebar's sliders while they are dragged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.components.script_only import script_component

_relay = script_component("drag_relay", Path(__file__).with_name("drag_relay.js"))


@dataclass(frozen=True)
class Movement:
    """A movement of a slider under the finger.

    Attributes
    ----------
    name : str
        Key of the slider.
    value : str
        The value it shows now.
    drag : int
        The same number for all movements from press to release.
    last : bool
        Whether it is the release.
    """

    name: str
    value: str
    drag: int
    last: bool


def drag_relay(key: str, names: Sequence[str], on_moved: Callable[[Movement], None]) -> None:
    """Follow sliders of Streamlit's, which themselves report on release only.

    It belongs into the part of the page that shows the effect: each report redraws that part, and
    the next movement is reported once it is drawn.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    names : sequence of str
        Keys of the sliders to follow.
    on_moved : callable
        Called with each movement before the redraw.
    """

    def reported() -> tuple[Movement | None, int]:
        match (st.session_state.get(key) or {}).get("moved"):
            case [str(name), str(value), int(drag), bool(last), int(count)] if name in names:
                return Movement(name, value, drag, last), count
            case _:
                return None, 0

    def moved() -> None:
        movement, _ = reported()
        if movement is not None:
            on_moved(movement)

    data = {"names": list(names), "count": reported()[1]}
    _relay(key=key, data=data, on_moved_change=moved)
