"""The panel of the Anomalies page that shows where an image is anomalous."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.applications import defects
from aecore.errors import LabError
from aecore.i18n import N_, Message, nt, t
from dashboard.components.live_figure import figure
from dashboard.state import background
from dashboard.views.anomalies.figures import defect_panels
from dashboard.views.anomalies.results import ScoredImages
from dashboard.widgets.heading import heading

GROUPS: Mapping[str, Message] = {
    "all": N_("All"),
    "anomalous": N_("Anomalous"),
    "normal": N_("Normal"),
}
HEIGHT = 300


def defect_map(scored: ScoredImages, normal: tuple[str, ...]) -> None:
    """Show where the error of an image is beyond what is normal at each pixel.

    Parameters
    ----------
    scored : ScoredImages
    normal : tuple of str
        The classes of its normal images.
    """
    heading(t("Where the image is anomalous"))
    try:
        fitted = _fitted(scored, normal)
    except LabError as why:
        st.info(str(why), icon=":material/info:")
        return
    row = _chosen(scored)
    if fitted is None:
        st.caption(t("Learning what error is normal at each pixel..."))
        return
    image = (scored.images[row] / 255).astype(np.float32)
    z_scores = fitted.z_scores(image[None])[0]
    region = z_scores > fitted.threshold
    reconstruction = fitted.reconstruct(image[None])[0].astype(np.float32)
    outline = defects.outline(region)
    figure(
        "defects",
        defect_panels(image, reconstruction, z_scores, fitted.threshold, outline),
        height=HEIGHT,
        label=t("The image, its reconstruction, and the error beyond what is normal over it"),
    )
    _caption(region, fitted.threshold)


def _fitted(scored: ScoredImages, normal: tuple[str, ...]) -> defects.DefectMap | None:
    """Return what error is normal at each pixel, or None until it is computed."""
    network = scored.network
    images = scored.images[~scored.anomalous]
    key = ("defect map", network.name, network.dataset.fingerprint, normal)
    version = (network.step, network.config, len(images))
    return background.get(key, lambda: defects.network_map(network, images), version)


def _chosen(scored: ScoredImages) -> int:
    """Ask for an image, and return its row."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = st.segmented_control(
            t("Images"),
            list(GROUPS),
            key="defect images",
            format_func=lambda name: str(GROUPS[name]),
            default="anomalous",
            required=True,
        )
        rank = st.number_input(
            t("Rank by error"),
            min_value=1,
            value=1,
            key="defect rank",
            width=140,
            help=t("1 is the image with the largest reconstruction error."),
        )
    rows = _rows(scored.anomalous, group or "anomalous")
    order = rows[np.argsort(-scored.scores["error"][rows], kind="stable")]
    return int(order[min(int(rank), len(order)) - 1])


def _rows(anomalous: NDArray[np.bool_], group: str) -> NDArray[np.intp]:
    kept = {"all": np.ones_like(anomalous), "anomalous": anomalous, "normal": ~anomalous}
    return np.flatnonzero(kept[group])


def _caption(region: NDArray[np.bool_], threshold: float) -> None:
    st.caption(
        nt(
            "{count} pixel is more than {threshold:.1f} standard deviations above the error that "
            "is normal there, and is outlined. {share:.1%} of normal images have no such pixel.",
            "{count} pixels are more than {threshold:.1f} standard deviations above the error that "
            "is normal there, and are outlined. {share:.1%} of normal images have no such pixel.",
            int(region.sum()),
            threshold=threshold,
            share=defects.QUANTILE,
        )
    )
