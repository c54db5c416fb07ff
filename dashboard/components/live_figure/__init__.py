"""A Plotly figure redrawn in place: element, zoom and frame rate survive new data.

Plotly's source comes out of the installed `plotly` package, so nothing is fetched. It is mounted by
a component of its own whose content never changes, and so is sent to a browser once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly
import plotly.graph_objects as go
import streamlit as st

from aecore.i18n import t
from dashboard.figures.theme import compact

_HERE = Path(__file__).parent
_SOURCE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"

_boot = st.components.v2.component(
    "plotly_source",
    html='<span class="plotly-source"></span>',
    # Hidden, so that it takes no room in the column it is mounted in.
    css=".stElementContainer:has(.plotly-source) { display: none; }",
    js=_SOURCE.read_text("utf-8") + "\nexport default function () {}\n",
    isolate_styles=False,
)

_figure = st.components.v2.component(
    "live_figure",
    html='<div class="live-figure" role="img"></div>',
    css=(_HERE / "live_figure.css").read_text("utf-8"),
    js=(_HERE / "live_figure.js").read_text("utf-8"),
    isolate_styles=False,
)


def boot() -> None:
    """Bring Plotly to the page; once per run of a script that draws figures, anywhere in it."""
    _boot(key="plotly_source")


def figure(
    key: str,
    spec: go.Figure | None,
    *,
    height: int,
    label: str,
    empty: str = "",
    on_clicked: Callable[[Any], None] | None = None,
    on_selected: Callable[[list[Any]], None] | None = None,
) -> None:
    """Draw a figure, or redraw it in place.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    spec : plotly.graph_objects.Figure or None
        None shows `empty` instead.
    height : int
        In pixels, with or without a figure, so that nothing jumps.
    label : str
        What a screen reader says, already in the reader's language.
    empty : str
        What is said where there is no figure yet.
    on_clicked : callable, optional
        Called with the ``customdata`` of the point that was clicked, before the script runs again.
    on_selected : callable, optional
        Called with those of all points within a lasso or box; none where a double click clears
        the selection. What is selected then is for the caller to show, by ``selectedpoints`` and
        another ``selectionrevision``. A figure tells of clicks or of selections, not of both.
    """
    tells = "clicked" if on_clicked else "selected" if on_selected else ""
    data = {
        "key": key,
        "spec": None if spec is None else compact(spec),
        "height": height,
        "label": label,
        "empty": empty,
        "tells": tells,
        "words": _words(),
    }

    def told() -> None:
        points = st.session_state[key].get(tells)
        if on_selected is not None and points is not None:
            on_selected(points)
        elif on_clicked is not None and points:
            on_clicked(points[0])

    listening: dict[str, Any] = {f"on_{tells}_change": told} if tells else {}
    _figure(key=key, data=data, height=height, **listening)


def _words() -> tuple[str, ...]:
    # A tuple: Streamlit looks into lists and mappings for tables, with a library slow to load.
    return (
        t("Show all"),
        t("Save as an image"),
        t("Select with a lasso"),
        t("Select with a box"),
        t("Zoom in"),
    )
