"""A canvas to draw on by mouse, pen or touch."""

import binascii
from base64 import b64decode
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data.drawing import as_mnist
from aecore.i18n import t

_HERE = Path(__file__).parent
SIDE = 112

_pad = st.components.v2.component(
    "draw_pad",
    html=(_HERE / "draw_pad.html").read_text("utf-8"),
    css=(_HERE / "draw_pad.css").read_text("utf-8"),
    js=(_HERE / "draw_pad.js").read_text("utf-8"),
    isolate_styles=False,
)


def draw_pad(
    key: str, *, shape: tuple[int, int], label: str, height: int
) -> NDArray[np.float32] | None:
    """Show a canvas to draw on, and return the drawing centred and scaled as in MNIST.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    shape : (height, width)
        Shape of the image returned.
    label : str
        Accessible label of the canvas, in the user's language.
    height : int
        Side of the canvas in pixels.

    Returns
    -------
    ndarray of shape `shape`, float32 in [0, 1], white on black; or None
        None if nothing is drawn.
    """
    words = {
        "size": t("Pen"),
        "erase": t("Eraser"),
        "undo": t("Undo"),
        "clear": t("Clear"),
    }
    data = {"key": key, "label": label, "height": height, "words": words}
    state = _pad(key=key, data=data, on_drawing_change=lambda: None, height=height + 8)
    return drawing(state.get("drawing") if state else None, shape)


def drawing(value: object, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    """Convert the component's value to an image; None if it is empty or not a drawing."""
    if not isinstance(value, str):
        return None
    try:
        pixels = b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(pixels) != SIDE * SIDE:
        return None
    sheet = np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE)
    return as_mnist(sheet, shape)
