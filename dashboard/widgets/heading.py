"""A heading above a part of a page."""

from typing import Literal

import streamlit as st


def heading(text: str, *, width: Literal["stretch", "content"] = "stretch") -> None:
    """Show a heading.

    Parameters
    ----------
    text : str
        In the reader's language.
    width : {"stretch", "content"}
        ``"content"`` where something stands beside it.
    """
    st.markdown(f"**{text}**", width=width)
