"""A grid of images with captions, in one element that is updated in place."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_mosaic = st.components.v2.component(
    "live_mosaic",
    html="""
<figure class="live-mosaic">
  <div class="live-mosaic-columns" aria-hidden="true"></div>
  <div class="live-mosaic-rows" aria-hidden="true"></div>
  <img alt="" draggable="false">
</figure>
""",
    css=(_HERE / "mosaic.css").read_text("utf-8"),
    js=(_HERE / "mosaic.js").read_text("utf-8"),
    isolate_styles=False,
)


def mosaic(
    key: str, png: bytes, *, rows: Sequence[str], columns: Sequence[str], label: str, height: int
) -> None:
    """Show a picture that consists of rows and columns of images, or update it in place.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    png : bytes
        The picture, as `dashboard.figures.images.png` returns it.
    rows : sequence of str
        Captions of the rows of images, in the user's language.
    columns : sequence of str
        Captions of the columns; empty for none.
    label : str
        Accessible label of the picture.
    height : int
        Maximum height of the picture and its captions in pixels; always reserved.
    """
    data = {
        "key": key,
        "image": "data:image/png;base64," + b64encode(png).decode("ascii"),
        # Tuples, as Streamlit searches lists for tables, with a library slow to import.
        "rows": tuple(rows),
        "columns": tuple(columns),
        "label": label,
        "height": height,
    }
    _mosaic(key=key, data=data, height=height)
