"""Load Plotly's JavaScript from this server, once per page of the browser."""

from pathlib import Path

from dashboard.components.script_only import script_component
from dashboard.server.plotly_source import versioned_address

_loader = script_component("plotly_loader", Path(__file__).with_name("plotly_loader.js"))


def load_plotly() -> None:
    """Load Plotly. Call it early in every script run, so that it is there for the first figure."""
    _loader(key="plotly_loader", data={"address": versioned_address()})
