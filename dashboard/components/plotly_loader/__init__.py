"""Load Plotly's JavaScript from this server, once per page of the browser."""

from pathlib import Path

import streamlit as st

from dashboard.server.plotly_source import versioned_address

_HERE = Path(__file__).parent

_loader = st.components.v2.component(
    "plotly_loader",
    html='<span class="plotly-loader"></span>',
    # Takes no room where it is mounted.
    css=".stElementContainer:has(.plotly-loader) { display: none; }",
    js=(_HERE / "plotly_loader.js").read_text("utf-8"),
    isolate_styles=False,
)


def load_plotly() -> None:
    """Load Plotly. Call it early in every script run, so that it is there for the first figure."""
    _loader(key="plotly_loader", data={"address": versioned_address()})
