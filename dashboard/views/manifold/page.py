"""The Manifold page: an interactive map of the latent space, decoded at every position."""

from collections.abc import Mapping

import streamlit as st

from aecore.data.names import display_name
from aecore.i18n import N_, Message, t
from aecore.maps.projection import Method
from aecore.training.snapshot import Snapshot
from dashboard.shell import page
from dashboard.state import maps
from dashboard.views.manifold import map as map_view
from dashboard.views.manifold import moment, panels
from dashboard.views.manifold.moment import SETS
from dashboard.views.manifold.options import MapOptions
from dashboard.widgets.snapshot_panels import LOW, show_loss_curve, show_reconstructions

METHODS: Mapping[Method, Message] = {
    "direct": N_("Code"),
    "pca": N_("PCA"),
    "umap": N_("UMAP"),
    "tsne": N_("t-SNE"),
}
BACKGROUNDS: Mapping[str, Message] = {
    "none": N_("None"),
    "images": N_("Decoded images"),
    "density": N_("Density"),
    "grid": N_("Decoder sensitivity"),
}
COLOURS: Mapping[str, Message] = {
    "label": N_("Class"),
    "error": N_("Reconstruction error"),
    "unit": N_("Activation of a unit"),
    "distortion": N_("Neighbours lost"),
}
PANELS = {
    "neighbours": (N_("Neighbours"), panels.neighbours),
    "selection": (N_("Selection"), panels.selection),
    "path": (N_("Path"), panels.path),
    "units": (N_("Units"), panels.units),
    "truth": (N_("Map quality"), panels.map_quality),
}


def show() -> None:
    """Show the page."""
    maps.map_service()
    page.show(body)


def body(newest: Snapshot) -> None:
    """Draw the map of a moment, and below it the chosen panel, loss curve and reconstructions."""
    options = choose(newest)
    at = moment.select(newest, map_view.selected_step(options), options.image_set)
    marks = map_view.show_map(at, options, newest)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = st.segmented_control(
            t("Panel"),
            list(PANELS),
            key="panel",
            format_func=lambda name: str(PANELS[name][0]),
            default="neighbours",
            required=True,
            label_visibility="collapsed",
        )
    PANELS[name or "neighbours"][1](at, options, marks)
    left, right = st.columns(2, gap="medium")
    with left:
        show_loss_curve(newest, at=at.snapshot.step, height=LOW)
    with right:
        show_reconstructions(at.snapshot if at.snapshot.step != newest.step else newest)


def choose(newest: Snapshot) -> MapOptions:
    """Draw the controls of the map and return the chosen options."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method: Method | None = st.segmented_control(
            t("Map"),
            list(METHODS),
            key="map",
            format_func=lambda name: str(METHODS[name]),
            default="direct" if newest.config.bottleneck <= 2 else "pca",
            required=True,
            help=t(
                "Code shows two units of the code; PCA projects onto its first two "
                "components; UMAP and t-SNE keep neighbours close."
            ),
        )
        image_set = _select(SETS, t("Points"), "map images", width=190)
        factors = {
            f"factor {name}": display_name(name) for name in moment.factor_names(newest, image_set)
        }
        colour = _select({**COLOURS, **factors}, t("Colour"), "map colour", width=190)
        background = _select(BACKGROUNDS, t("Background"), "map ground", width=220)
        width = newest.config.bottleneck
        units = (0, 1)
        if method == "direct" and width > 2:
            units = (
                _select_unit("across", t("Unit across"), 0, width),
                _select_unit("up", t("Unit up"), 1, width),
            )
        unit = _select_unit("coloured", t("Unit"), 0, width) if colour == "unit" else 0
    return MapOptions(method or "pca", units, image_set, colour, unit, background)


def _select(names: Mapping[str, Message | str], label: str, key: str, width: int) -> str:
    return st.selectbox(
        label, list(names), key=key, format_func=lambda name: str(names[name]), width=width
    )


def _select_unit(name: str, label: str, default: int, width: int) -> int:
    key = f"unit {name}"
    if st.session_state.get(key, 0) >= width:
        del st.session_state[key]
    return int(st.number_input(label, 0, width - 1, min(default, width - 1), key=key, width=110))
