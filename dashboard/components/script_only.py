"""Components that consist of a script and show nothing."""

from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


def script_component(name: str, script: Path) -> ComponentRenderer:
    """Register a component that takes no room where it is mounted.

    Parameters
    ----------
    name : str
        Its script finds its element by this name as a class, with hyphens for underscores.
    script : Path
        An ES module.
    """
    own = name.replace("_", "-")
    return st.components.v2.component(
        name,
        html=f'<span class="{own}"></span>',
        css=f".stElementContainer:has(.{own}) {{ display: none; }}",
        js=script.read_text("utf-8"),
        isolate_styles=False,
    )
