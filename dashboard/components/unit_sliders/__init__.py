"""One slider for each unit of a code; the decoder's image follows in the browser."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.i18n import t
from dashboard.components import decoder

_HERE = Path(__file__).parent

_sliders = st.components.v2.component(
    "unit_sliders",
    html=(_HERE / "unit_sliders.html").read_text("utf-8"),
    css=(_HERE / "unit_sliders.css").read_text("utf-8"),
    js="\n".join([decoder.script(), (_HERE / "unit_sliders.js").read_text("utf-8")]),
    isolate_styles=False,
)


def unit_sliders(
    key: str,
    *,
    parcel: tuple[str, str],
    code: NDArray[np.floating],
    order: Sequence[int],
    low: NDArray[np.floating],
    high: NDArray[np.floating],
    mean: NDArray[np.floating],
    revision: str,
    height: int,
    label: str,
) -> None:
    """Show a slider for each unit, and the image of the code they make.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    parcel : tuple of str
        Name and version of the parcel (`dashboard.components.parcel`) that holds the decoder, with
        ``layers`` and ``shape`` in its meta.
    code : ndarray of shape (d,)
        Where the sliders stand at first, and again when `revision` is another one.
    order : sequence of int
        The units, those that come first first.
    low, high : ndarray of shape (d,)
        The ends of each slider.
    mean : ndarray of shape (d,)
        What a unit says when it is switched off.
    revision : str
    height : int
        In pixels; more sliders than fit are scrolled.
    label : str
        What a screen reader says, already in the reader's language.
    """

    def listed(values: NDArray[np.floating]) -> list[float]:
        return [round(float(value), 5) for value in values]

    data = {
        "key": key,
        "parcel": list(parcel),
        "code": listed(code),
        "order": [int(unit) for unit in order],
        "low": listed(low),
        "high": listed(high),
        "mean": listed(mean),
        "revision": revision,
        "height": height,
        "label": label,
        "words": {
            "unit": t("unit {unit}"),
            "on": t("Switch unit {unit} on or off"),
            "image": t("Edited"),
            "start": t("Original"),
            "change": t("Difference"),
            "reset": t("Reset"),
        },
    }
    _sliders(key=key, data=data, height=height)
