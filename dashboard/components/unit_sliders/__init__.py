"""One slider per unit of a code. The browser decodes the image while a slider moves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.i18n import t
from dashboard.components import decoder
from dashboard.components.modules import join_modules

_HERE = Path(__file__).parent

_sliders = st.components.v2.component(
    "unit_sliders",
    html=(_HERE / "unit_sliders.html").read_text("utf-8"),
    css=(_HERE / "unit_sliders.css").read_text("utf-8"),
    js=decoder.activations() + join_modules(_HERE / "unit_sliders.js"),
    isolate_styles=False,
)


def unit_sliders(
    key: str,
    *,
    bundle: tuple[str, str],
    code: NDArray[np.floating],
    order: Sequence[int],
    low: NDArray[np.floating],
    high: NDArray[np.floating],
    mean: NDArray[np.floating],
    revision: str,
    height: int,
    label: str,
) -> None:
    """Show a slider for each unit, and the image decoded from the code they set.

    Parameters
    ----------
    key : str
        The same key keeps the same element.
    bundle : tuple of str
        Name and version of the bundle (`dashboard.components.bundle`) that holds the decoder, with
        ``layers`` and ``shape`` in its meta.
    code : ndarray of shape (d,)
        Initial values of the sliders, applied again when `revision` changes.
    order : sequence of int
        The units in the order of their sliders.
    low, high : ndarray of shape (d,)
        Range of each slider.
    mean : ndarray of shape (d,)
        Value of a unit that is switched off.
    revision : str
    height : int
        Height in pixels; more sliders than fit can be scrolled.
    label : str
        Accessible label, in the user's language.
    """

    def rounded(values: NDArray[np.floating]) -> list[float]:
        return [round(float(value), 5) for value in values]

    data = {
        "key": key,
        "bundle": list(bundle),
        "code": rounded(code),
        "order": [int(unit) for unit in order],
        "low": rounded(low),
        "high": rounded(high),
        "mean": rounded(mean),
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
