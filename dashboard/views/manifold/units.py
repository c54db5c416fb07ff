"""The Units panel of the Manifold page: sliders for a code, and what each unit represents."""

import numpy as np
import streamlit as st

from aecore.i18n import t
from aecore.network import latent_space
from dashboard.components.latent_canvas import Marks
from dashboard.components.unit_sliders import unit_sliders
from dashboard.state import cached
from dashboard.views.manifold.map import pin_codes
from dashboard.views.manifold.moment import Moment
from dashboard.views.manifold.options import MapOptions
from dashboard.widgets.image_grid import image_grid

HEIGHT = 300
TOP_IMAGES = 10
# Percentiles rather than extremes, so that a few outliers do not stretch the sliders.
SLIDER_PERCENTILES = (0.5, 99.5)


def units(moment: Moment, options: MapOptions, marks: Marks) -> None:
    """Show a slider for each unit of a code, and the images that activate one unit most."""
    order, low, high, mean = cached.in_session("spread", moment.name, lambda: _spread(moment))
    start, caption = _start(moment, options, marks)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.caption(caption)
        code = mean if start is None else start
        unit_sliders(
            "unit-sliders",
            bundle=("decoder", moment.name),
            code=code,
            order=order.tolist(),
            low=np.minimum(low, code),
            high=np.maximum(high, code),
            mean=mean,
            revision=f"{moment.name} {caption}",
            height=HEIGHT,
            label=t("A slider for each unit of the code; the image follows"),
        )
    with right:
        _show_unit(moment, [int(unit) for unit in order])


def _spread(moment: Moment) -> tuple[np.ndarray, ...]:
    """Return the units by variance, and the low end, high end and mean of each unit."""
    codes = moment.codes
    low, high = np.percentile(codes, SLIDER_PERCENTILES, axis=0)
    return latent_space.units_by_variance(codes), low, high, codes.mean(0)


def _start(moment: Moment, options: MapOptions, marks: Marks) -> tuple[np.ndarray | None, str]:
    """Return the code the sliders start from, None for the mean code, and its caption."""
    if marks.chosen is not None and marks.chosen < len(moment.codes):
        return moment.codes[marks.chosen], t("The code of image {row}", row=marks.chosen)
    if marks.pins:
        last = pin_codes(moment, options, marks)[-1]
        return last, t("The code at pin {number}", number=len(marks.pins))
    return None, t("The mean code; click a point to start from its code")


def _show_unit(moment: Moment, order: list[int]) -> None:
    """Show the images that activate a unit most, and its effect on the decoded image."""
    if st.session_state.get("unit looked at", 0) not in order:
        del st.session_state["unit looked at"]
    unit = st.selectbox(
        t("Unit (sorted by variance)"),
        order,
        key="unit looked at",
        format_func=lambda number: t("unit {unit}", unit=number),
    )
    effects = cached.in_session(
        "unit pictures",
        moment.name,
        lambda: latent_space.unit_effects(moment.snapshot.decoder, moment.codes.mean(0)),
    )
    rows = latent_space.top_activating(moment.codes, unit, TOP_IMAGES)
    images = moment.originals(rows)
    st.caption(t("Top-activating images"))
    half = TOP_IMAGES // 2
    blank = np.zeros((TOP_IMAGES - len(images), *images.shape[1:]), np.float32)
    images = np.concatenate([images, blank])
    label = t("Top-activating images of unit {unit}", unit=unit)
    image_grid("exciting", [images[:half], images[half:]], label=label, height=120)
    st.caption(t("Effect on the image at the mean code"))
    effect = effects[unit] / np.float32(max(float(np.abs(effects[unit]).max()), 1e-12))
    label = t("Decoder weights of unit {unit}", unit=unit)
    image_grid("weights", [effect[None]], label=label, height=110, signed=True)
