"""Heading of a section of a page."""

from typing import Literal

import streamlit as st


def heading(text: str, *, width: Literal["stretch", "content"] = "stretch") -> None:
    """Show a heading.

    Parameters
    ----------
    text : str
        In the user's language.
    width : {"stretch", "content"}
        Use ``"content"`` to place something beside the heading.
    """
    st.markdown(f"**{text}**", width=width)
