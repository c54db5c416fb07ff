"""What the Manifold page shows of the units of a code: what each says, and what it draws."""

import numpy as np
import streamlit as st

from aecore.i18n import t
from aecore.network import latent_space
from dashboard.components.latent_canvas import Marks
from dashboard.components.unit_sliders import unit_sliders
from dashboard.state import cached
from dashboard.views.manifold.map import pinned
from dashboard.views.manifold.moment import Moment
from dashboard.views.manifold.options import MapOptions
from dashboard.widgets.image_grid import image_grid

HEIGHT = 300
EXCITING = 10
# The ends of a slider leave out the few codes that lie far from all others.
SPAN = (0.5, 99.5)


def units(moment: Moment, look: MapOptions, marks: Marks) -> None:
    """Show a slider for each unit of a code, and what excites one of them."""
    order, low, high, mean = cached.in_session("spread", moment.name, lambda: _spread(moment))
    chosen, said = _chosen(moment, look, marks)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.caption(said)
        code = mean if chosen is None else chosen
        unit_sliders(
            "unit-sliders",
            bundle=("decoder", moment.name),
            code=code,
            order=order.tolist(),
            low=np.minimum(low, code),
            high=np.maximum(high, code),
            mean=mean,
            revision=f"{moment.name} {said}",
            height=HEIGHT,
            label=t("A slider for each unit of the code; the image follows"),
        )
    with right:
        _one(moment, [int(unit) for unit in order])


def _spread(moment: Moment) -> tuple[np.ndarray, ...]:
    codes = moment.codes
    low, high = np.percentile(codes, SPAN, axis=0)
    return latent_space.units_by_variance(codes), low, high, codes.mean(0)


def _chosen(moment: Moment, look: MapOptions, marks: Marks) -> tuple[np.ndarray | None, str]:
    """Return the code the sliders start from, and whose it is."""
    if marks.chosen is not None and marks.chosen < len(moment.codes):
        return moment.codes[marks.chosen], t("The code of image {row}", row=marks.chosen)
    if marks.pins:
        last = pinned(moment, look, marks)[-1]
        return last, t("The code at pin {number}", number=len(marks.pins))
    return None, t("The mean code; click a point to start from its code")


def _one(moment: Moment, order: list[int]) -> None:
    """Show the images that excite a unit most, and its decoder weights as a picture."""
    if st.session_state.get("unit looked at", 0) not in order:
        del st.session_state["unit looked at"]
    unit = st.selectbox(
        t("Unit (sorted by variance)"),
        order,
        key="unit looked at",
        format_func=lambda number: t("unit {unit}", unit=number),
    )
    pictures = cached.in_session(
        "unit pictures",
        moment.name,
        lambda: latent_space.unit_effects(moment.snapshot.model, moment.codes.mean(0)),
    )
    rows = latent_space.top_activating(moment.codes, unit, EXCITING)
    images = moment.originals(rows)
    st.caption(t("Top-activating images"))
    half = EXCITING // 2
    blank = np.zeros((EXCITING - len(images), *images.shape[1:]), np.float32)
    images = np.concatenate([images, blank])
    label = t("Top-activating images of unit {unit}", unit=unit)
    image_grid("exciting", [images[:half], images[half:]], label=label, height=120)
    st.caption(t("Effect on the image at the mean code"))
    drawn = pictures[unit] / np.float32(max(float(np.abs(pictures[unit]).max()), 1e-12))
    label = t("Decoder weights of unit {unit}", unit=unit)
    image_grid("weights", [drawn[None]], label=label, height=110, signed_last=True)
