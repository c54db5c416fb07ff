"""The Manifold page: a map of what was learnt, on which every place answers with an image."""

from collections.abc import Mapping

import streamlit as st

from aecore.i18n import t
from aecore.maps.projection import Method
from aecore.training.snapshot import Snapshot
from dashboard.shell import page
from dashboard.state import maps
from dashboard.views.manifold import map as map_view
from dashboard.views.manifold import moment, panels
from dashboard.views.manifold.moment import SETS
from dashboard.views.manifold.options import MapOptions
from dashboard.widgets.snapshot_panels import LOW, show_loss_curve, show_reconstructions

METHODS: Mapping[Method, str] = {"direct": "Code", "pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
GROUNDS: Mapping[str, str] = {
    "none": "Nothing",
    "images": "Decoded images",
    "density": "Density",
    "grid": "How fast the image changes",
}
COLOURS: Mapping[str, str] = {
    "label": "Class",
    "error": "Reconstruction error",
    "unit": "A unit's activation",
    "distortion": "Distortion",
}
PANELS = {
    "neighbours": ("Neighbours", panels.neighbours),
    "selection": ("Selection", panels.selection),
    "path": ("Path", panels.path),
    "units": ("Units", panels.units),
    "truth": ("Truth of the map", panels.truth),
}


def show() -> None:
    """Show the page."""
    maps.map_service()
    page.show(body)


def body(newest: Snapshot) -> None:
    """Draw the map of a moment, and what a person asks of it."""
    look = choose(newest)
    at = moment.select(newest, map_view.frame(look), look.which)
    marks = map_view.draw(at, look, newest)
    with st.container(horizontal=True, vertical_alignment="center"):
        name = st.segmented_control(
            t("Look at"),
            list(PANELS),
            key="panel",
            format_func=lambda name: t(PANELS[name][0]),
            default="neighbours",
            required=True,
            label_visibility="collapsed",
        )
    PANELS[name or "neighbours"][1](at, look, marks)
    left, right = st.columns(2, gap="medium")
    with left:
        show_loss_curve(newest, at=at.snapshot.step, height=LOW)
    with right:
        shown = at.snapshot if at.snapshot.step != newest.step else newest
        show_reconstructions(shown)


def choose(newest: Snapshot) -> MapOptions:
    """Ask what the map shows."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method: Method | None = st.segmented_control(
            t("Map"),
            list(METHODS),
            key="map",
            format_func=lambda name: t(METHODS[name]),
            default="direct" if newest.config.bottleneck <= 2 else "pca",
            required=True,
            help=t(
                "Code shows two units of the code as they are, PCA its principal plane; UMAP and "
                "t-SNE keep neighbours together."
            ),
        )
        which = _one_of(SETS, t("Images"), "map images", width=190)
        factors = {f"factor {name}": name for name in moment.factor_names(newest, which)}
        colour = _one_of({**COLOURS, **factors}, t("Colour"), "map colour", width=190)
        behind = _one_of(GROUNDS, t("Behind the points"), "map ground", width=220)
        width = newest.config.bottleneck
        units = (0, 1)
        if method == "direct" and width > 2:
            units = (_unit("across", 0, width), _unit("up", 1, width))
        unit = _unit("coloured", 0, width) if colour == "unit" else 0
    return MapOptions(method or "pca", units, which, colour, unit, behind)


def _one_of(names: Mapping[str, str], label: str, key: str, width: int) -> str:
    return st.selectbox(
        label, list(names), key=key, format_func=lambda name: t(names[name]), width=width
    )


def _unit(name: str, default: int, width: int) -> int:
    labels = {"across": "Unit across", "up": "Unit up", "coloured": "Unit"}
    key = f"unit {name}"
    if st.session_state.get(key, 0) >= width:
        del st.session_state[key]
    return int(
        st.number_input(t(labels[name]), 0, width - 1, min(default, width - 1), key=key, width=110)
    )
