"""Maps of several runs side by side: what is selected on one is marked on all."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from aecore.data.names import display_name
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
SHOWN = 14


def linked_maps(shots: Mapping[str, Snapshot], named: Mapping[str, str]) -> None:
    """Show the maps of the probe set, turned so that they lie alike, and what is selected on them.

    Parameters
    ----------
    shots : mapping of str to Snapshot
        By the name of the run.
    named : mapping of str to str
        What each run is called.
    """
    # By itself, so that a lasso is answered without the rest of the page.
    st.fragment(_maps)(shots, named)


def alike(shot: Snapshot, first: Snapshot) -> bool:
    """Whether two runs are followed by the same images."""
    return shot.config.dataset == first.config.dataset and np.array_equal(shot.labels, first.labels)


def _maps(shots: Mapping[str, Snapshot], named: Mapping[str, str]) -> None:
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
            other = "" if linked else " · " + t("other dataset, not linked")
            st.caption(named[name] + other)
            figure(
                f"map {name}",
                linked_map(
                    _aligned(shot, first),
                    _shown_labels(shot, first, chosen or []),
                    [display_name(each) for each in shot.classes],
                    rows if linked else [],
                ),
                height=HEIGHT,
                label=t("Latent map of {name}", name=named[name]),
                on_selected=_select(first) if linked else None,
            )
    _pictures({n: shot for n, shot in shots.items() if alike(shot, first)}, named, rows)


def _select(first: Snapshot) -> Any:
    def select(rows: list[Any]) -> None:
        st.session_state[keys.SELECTION] = first.config.dataset, sorted(int(row) for row in rows)

    return select


def _selected(first: Snapshot) -> NDArray[np.intp]:
    """Return which images of the probe set are selected; of another data set none is."""
    dataset, rows = st.session_state.get(keys.SELECTION, ("", []))
    found = np.array(rows if dataset == first.config.dataset else [], np.intp)
    return found[found < len(first.labels)]


def _aligned(shot: Snapshot, first: Snapshot) -> NDArray[np.float32]:
    points = shot.points.astype(np.float64)
    if shot is not first and alike(shot, first):
        points = projection.align(points, first.points.astype(np.float64))
    return points.astype(np.float32)


def _shown_labels(shot: Snapshot, first: Snapshot, chosen: list[str]) -> NDArray[np.int64]:
    labels = shot.labels.copy()
    if chosen and shot.classes == first.classes:
        labels[~np.isin(labels, [shot.classes.index(each) for each in chosen])] = -1
    return labels


def _pictures(
    shots: Mapping[str, Snapshot], named: Mapping[str, str], rows: NDArray[np.intp]
) -> None:
    """Show some of the images selected, and what each run makes of them."""
    if not len(rows):
        words = t("Draw a lasso or a box on a map to mark the same images on all of them.")
        st.caption(words)
        return
    some = rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).round().astype(int)]
    text = nt(
        "{count} image selected, {shown} shown.",
        "{count} images selected, {shown} shown.",
        len(rows),
        shown=len(some),
    )
    st.caption(text + " " + t("Double-click to clear."))
    first = next(iter(shots.values()))
    dataset = cached.dataset(first.config.dataset)
    originals = (probe.probe_set(dataset).images[some] / 255).astype(np.float32)
    reconstruction = [decode(shot.model, shot.codes[some]) for shot in shots.values()]
    lines = [originals, *reconstruction]
    image_grid(
        "linked",
        lines,
        rows=[t("original"), *(named[name] for name in shots)],
        columns=class_names(first.labels[some], first.classes),
        label=t("The selected images, reconstructed by each run"),
    )
