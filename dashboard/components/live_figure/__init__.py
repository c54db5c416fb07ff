"""A Plotly figure that is redrawn in place, keeping its element, zoom and frame rate.

It waits for Plotly, which `dashboard.components.plotly_loader` loads.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from aecore.i18n import t
from dashboard.figures.theme import Spec, compact

_HERE = Path(__file__).parent

_figure = st.components.v2.component(
    "live_figure",
    html='<div class="live-figure" role="img"></div>',
    css=(_HERE / "live_figure.css").read_text("utf-8"),
    js=(_HERE / "live_figure.js").read_text("utf-8"),
    isolate_styles=False,
)


def figure(
    key: str,
    spec: go.Figure | Spec | str | None,
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
    spec : plotly.graph_objects.Figure, Spec, str or None
        The figure, or what `dashboard.figures.theme.compact` returned for it; None shows `empty`
        instead.
    height : int
        Height in pixels, with or without a figure, so that the layout does not jump.
    label : str
        Accessible label, in the user's language.
    empty : str
        Text shown while there is no figure.
    on_clicked : callable, optional
        Called with the ``customdata`` of the clicked point, before the script reruns.
    on_selected : callable, optional
        Called with the ``customdata`` of all points inside a lasso or box; with an empty list when
        a double-click clears the selection. The caller shows the selection, by ``selectedpoints``
        and a new ``selectionrevision``. A figure reports clicks or selections, not both.
    """
    reports = "clicked" if on_clicked else "selected" if on_selected else ""
    data = {
        "key": key,
        "spec": spec if spec is None or isinstance(spec, str) else compact(spec),
        "height": height,
        "label": label,
        "empty": empty,
        "reports": reports,
        "words": _words(),
    }

    def on_change() -> None:
        points = st.session_state[key].get(reports)
        if on_selected is not None and points is not None:
            on_selected(points)
        elif on_clicked is not None and points:
            on_clicked(points[0])

    callbacks: dict[str, Any] = {f"on_{reports}_change": on_change} if reports else {}
    _figure(key=key, data=data, height=height, **callbacks)


def _words() -> tuple[str, ...]:
    # A tuple, as Streamlit searches lists and mappings for tables, with a library slow to import.
    return (
        t("Show all"),
        t("Save as an image"),
        t("Select with a lasso"),
        t("Select with a box"),
        t("Zoom in"),
    )
