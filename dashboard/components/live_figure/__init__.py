"""A Plotly figure redrawn in place: element, zoom and frame rate survive new data.

Plotly's source comes out of the installed `plotly` package, so nothing is fetched. It is mounted by
a component of its own whose content never changes, and so is sent to a browser once.
"""

from pathlib import Path

import plotly
import plotly.graph_objects as go
import streamlit as st

from aecore.words import t
from dashboard.figures import compact

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


def figure(key: str, spec: go.Figure | None, *, height: int, label: str, empty: str = "") -> None:
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
    """
    data = {
        "key": key,
        "spec": None if spec is None else compact(spec),
        "height": height,
        "label": label,
        "empty": empty,
        # A tuple: Streamlit looks into lists and mappings for tables, with a library slow to load.
        "words": (t("Show all"), t("Save as an image")),
    }
    _figure(key=key, data=data, height=height)
