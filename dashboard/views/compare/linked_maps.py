"""Latent maps of several runs side by side, with a linked selection."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data.names import display_name
from aecore.errors import LabError
from aecore.i18n import nt, t
from aecore.maps import projection
from aecore.network.inference import decode
from aecore.training import probe
from aecore.training.snapshot import Snapshot
from dashboard.components.live_figure import figure
from dashboard.state import cached, keys
from dashboard.views.compare.figures import linked_map
from dashboard.widgets.heading import heading
from dashboard.widgets.image_grid import class_names, image_grid

HEIGHT = 320
MOST_IMAGES = 14


def linked_maps(shots: Mapping[str, Snapshot], titles: Mapping[str, str]) -> None:
    """Show aligned maps of the probe set, and reconstructions of the selected images.

    Parameters
    ----------
    shots : mapping of str to Snapshot
        Keys are the names of the runs.
    titles : mapping of str to str
        Titles of the runs, by name.
    """
    # A fragment, so that a selection does not rerun the whole page.
    st.fragment(_maps)(shots, titles)


def alike(shot: Snapshot, first: Snapshot) -> bool:
    """Return whether the probe sets of two runs are the same images."""
    # Early versions saved no fingerprint.
    if shot.fingerprint is not None and first.fingerprint is not None:
        return shot.fingerprint == first.fingerprint
    return shot.config.dataset == first.config.dataset and np.array_equal(shot.labels, first.labels)


def _maps(shots: Mapping[str, Snapshot], titles: Mapping[str, str]) -> None:
    first = next(iter(shots.values()))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        heading(t("Latent maps, aligned to the first"))
        chosen = st.pills(
            t("Show only these classes"),
            list(first.classes),
            selection_mode="multi",
            key="linked classes",
            format_func=display_name,
        )
    rows = _selected(first)
    per_row = 2 if len(shots) in (2, 4) else 3
    for column, (name, shot) in zip(cycle(st.columns(per_row)), shots.items()):
        linked = alike(shot, first)
        with column:
            suffix = "" if linked else " · " + t("other dataset, not linked")
            st.caption(titles[name] + suffix)
            figure(
                f"map {name}",
                linked_map(
                    _aligned(shot, first),
                    _filtered_labels(shot, first, chosen or []),
                    [display_name(each) for each in shot.classes],
                    rows if linked else [],
                ),
                height=HEIGHT,
                label=t("Latent map of {name}", name=titles[name]),
                on_selected=_select(first) if linked else None,
            )
    _pictures({n: shot for n, shot in shots.items() if alike(shot, first)}, titles, rows)


def _select(first: Snapshot) -> Any:
    def select(rows: list[Any]) -> None:
        st.session_state[keys.SELECTION] = first.config.dataset, sorted(int(row) for row in rows)

    return select


def _selected(first: Snapshot) -> NDArray[np.intp]:
    """Return the indices of the selected probe images; none if another dataset is selected on."""
    dataset, rows = st.session_state.get(keys.SELECTION, ("", []))
    indices = np.array(rows if dataset == first.config.dataset else [], np.intp)
    return indices[indices < len(first.labels)]


def _aligned(shot: Snapshot, first: Snapshot) -> NDArray[np.float32]:
    """Return the points of a map, aligned to the first map where both have the same images."""
    points = shot.points.astype(np.float64)
    if shot is not first and alike(shot, first):
        points = projection.align(points, first.points.astype(np.float64))
    return points.astype(np.float32)


def _filtered_labels(shot: Snapshot, first: Snapshot, chosen: list[str]) -> NDArray[np.int64]:
    """Return the labels of a map, -1 for those outside the chosen classes."""
    labels = shot.labels.copy()
    if chosen and shot.classes == first.classes:
        labels[~np.isin(labels, [shot.classes.index(each) for each in chosen])] = -1
    return labels


def _pictures(
    shots: Mapping[str, Snapshot], titles: Mapping[str, str], rows: NDArray[np.intp]
) -> None:
    """Show some of the selected images and each run's reconstructions of them."""
    if not len(rows):
        st.caption(t("Draw a lasso or a box on a map to mark the same images on all of them."))
        return
    visible = rows[np.linspace(0, len(rows) - 1, min(MOST_IMAGES, len(rows))).round().astype(int)]
    text = nt(
        "{count} image selected, {shown} shown.",
        "{count} images selected, {shown} shown.",
        len(rows),
        shown=len(visible),
    )
    st.caption(text + " " + t("Double-click to clear."))
    first = next(iter(shots.values()))
    try:
        dataset = cached.dataset_of(first)
    except LabError as error:
        st.error(str(error), icon=":material/error:")
        return
    originals = (probe.probe_set(dataset).images[visible] / 255).astype(np.float32)
    reconstructions = [decode(shot.model, shot.codes[visible]) for shot in shots.values()]
    lines = [originals, *reconstructions]
    image_grid(
        "linked",
        lines,
        rows=[t("original"), *(titles[name] for name in shots)],
        columns=class_names(first.labels[visible], first.classes),
        label=t("The selected images, reconstructed by each run"),
    )
