"""What the Manifold page shows of points that a person has marked on its map."""

from io import BytesIO
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from aecore.data.names import display_name
from aecore.errors import LabError
from aecore.i18n import nt, t
from aecore.maps.quality import quality
from aecore.metrics.factor_recovery import distance_correlation, recovery
from aecore.network import latent_space
from aecore.network.inference import decode
from dashboard.components.latent_canvas import Marks
from dashboard.components.mosaic import mosaic
from dashboard.figures import images as image_figures
from dashboard.state import cached, keys
from dashboard.views.manifold.map import pinned, shown
from dashboard.views.manifold.moment import Moment
from dashboard.views.manifold.options import MapOptions
from dashboard.views.manifold.units import units
from dashboard.widgets.image_grid import image_grid

__all__ = ["neighbours", "path", "selection", "truth", "units"]

GALLERY, PER_ROW = 60, 15
NEAREST = 12
STEPS = 14
FRAME_MILLISECONDS = 90
MOST_MEASURED = 10_000

Pictures = NDArray[np.float32]


def selection(moment: Moment, look: MapOptions, marks: Marks) -> None:
    """Show the images inside the lasso or box: all of them, their mean, and their counts."""
    del look
    if not marks.selected:
        _hint(t("Draw a lasso or a box around points, with the buttons on the map or with Shift."))
        return
    rows = np.array(marks.selected)
    rows = rows[rows < len(moment.codes)]
    left, right = st.columns([3, 1], gap="medium")
    with left:
        shown = rows[:GALLERY]
        st.caption(
            nt("{shown} of {count} image", "{shown} of {count} images", len(rows), shown=len(shown))
        )
        gallery = moment.originals(shown)
        blank = np.zeros((-len(gallery) % PER_ROW, *gallery.shape[1:]), np.float32)
        lines = np.concatenate([gallery, blank]).reshape(-1, PER_ROW, *gallery.shape[1:])
        image_grid("gallery", list(lines), label=t("Selected images"), height=60 * len(lines))
    with right:
        code = moment.codes[rows].mean(0, keepdims=True)
        pair = [moment.originals(rows).mean(0), decode(moment.snapshot.model, code)[0]]
        columns = [t("mean image"), t("mean code, decoded")]
        image_grid("means", [np.stack(pair)], columns=columns, label=t("Means"), height=110)
        st.caption(_counts(moment, rows))
        st.download_button(
            t("Export"),
            lambda: _archive(moment, rows),
            "selection.npz",
            key="export selection",
            icon=":material/download:",
            help=t("An NPZ file with images, labels, codes and indices in the dataset."),
            on_click="ignore",
        )


def neighbours(moment: Moment, look: MapOptions, marks: Marks) -> None:
    """Show the nearest images of the chosen one, by code and by pixels, side by side."""
    del look
    row = marks.chosen
    if row is None or row >= len(moment.codes):
        _hint(t("Click a point to see its nearest neighbours by code and by pixels."))
        return
    flat = moment.part.images.reshape(len(moment.codes), -1)
    by_code = latent_space.nearest(moment.codes, moment.codes[row], NEAREST + 1)
    by_pixels = cached.in_session(
        "by pixels",
        (moment.which, moment.snapshot.config.dataset, row),
        lambda: latent_space.nearest(
            flat.astype(np.float32), flat[row].astype(np.float32), NEAREST + 1
        ),
    )
    shared = len(set(by_code.tolist()) & set(by_pixels.tolist())) - 1
    st.caption(
        t(
            "Image {row}: {shared} of its {count} nearest by code are also among the "
            "nearest by pixels.",
            row=row,
            count=NEAREST,
            shared=max(0, shared),
        )
    )
    labels = [t("by code"), t("by pixels")]
    lines = [moment.originals(by_code), moment.originals(by_pixels)]
    label = t("Nearest images by code and by pixels")
    image_grid("neighbours", lines, rows=labels, label=label, height=170)


def path(moment: Moment, look: MapOptions, marks: Marks) -> None:
    """Show the way from pin to pin: through code space, and as a cross-fade of pixels."""
    if len(marks.pins) < 2:
        _hint(t("Pin two points or places (Alt-click or P) to interpolate between them."))
        return
    codes = pinned(moment, look, marks)
    per_line = max(2, STEPS // (len(codes) - 1))
    walk = decode(moment.snapshot.model, latent_space.interpolate(codes, per_line))
    ends = decode(moment.snapshot.model, codes)
    fade = latent_space.interpolate(ends.reshape(len(ends), -1), per_line).reshape(walk.shape)
    playing = st.toggle(t("Animate"), key="play path")
    rows = [t("in code space"), t("in pixels")]
    label = t("From pin to pin, in code space and in pixels")
    if playing:
        mosaic("film", _film([walk, fade]), rows=rows, columns=[], label=label, height=240)
    else:
        image_grid("path", [walk, fade], rows=rows, label=label, height=170)


def truth(moment: Moment, look: MapOptions, marks: Marks) -> None:
    """Show how true the map is to the codes, and the codes to what the images were made from."""
    del marks
    found = shown(moment, look)
    version = f"{moment.name} {id(found)}"
    if len(moment.codes) > MOST_MEASURED and st.session_state.get(keys.MAP_MEASURED) != version:
        if not st.button(t("Measure this map"), help=t("With this many points it takes a while.")):
            return
        st.session_state[keys.MAP_MEASURED] = version
    labels = moment.part.labels if moment.snapshot.classes else None
    with st.spinner(t("Measuring")):
        measured = cached.in_session(
            "quality", version, lambda: quality(found.codes, found.points, labels)
        )
    cells = [
        (
            t("Trustworthiness"),
            measured.trustworthiness,
            t("neighbours on the map are true neighbours"),
        ),
        (t("Continuity"), measured.continuity, t("true neighbours are neighbours on the map")),
        (
            t("5-NN accuracy"),
            measured.knn_accuracy,
            t("the nearest points on the map predict the class"),
        ),
        (
            t("Neighbours lost"),
            float(measured.distortion.mean()),
            t("true neighbours that the map loses"),
        ),
    ]
    with st.container(horizontal=True):
        for name, value, words in cells:
            if value is not None:
                st.metric(name, f"{value:.3f}", help=words, width="content")
    if moment.part.factors:
        _factors(moment)


def _factors(moment: Moment) -> None:
    some = slice(0, 2000)
    known = {name: values[some] for name, values in moment.part.factors.items()}
    codes = moment.codes[some]
    try:
        table = cached.in_session(
            "recovery",
            moment.name,
            lambda: (recovery(codes, known), distance_correlation(codes, known)),
        )
    except LabError as why:
        st.caption(str(why))
        return
    st.caption(t("The factors behind the images, and how well the code predicts each:"))
    st.dataframe(
        {
            t("factor"): [display_name(name) for name in known],
            t("R² from the code"): [table[0][name] for name in known],
            t("distance correlation"): [table[1][name] for name in known],
        },
        hide_index=True,
        width="content",
    )


def _hint(words: str) -> None:
    with st.container(height=90, border=False, vertical_alignment="center"):
        st.caption(f":material/touch_app: {words}")


def _counts(moment: Moment, rows: NDArray[Any]) -> str:
    names = moment.snapshot.classes
    if not names:
        return ""
    labels, counts = np.unique(moment.part.labels[rows], return_counts=True)
    order = np.argsort(-counts)
    shown = [display_name(names[label]) if label >= 0 else t("no label") for label in labels[order]]
    return " · ".join(
        f"**{name}** {count:,}" for name, count in zip(shown, counts[order], strict=True)
    )


def _archive(moment: Moment, rows: NDArray[Any]) -> bytes:
    file = BytesIO()
    np.savez_compressed(
        file,
        indices=rows,
        images=moment.part.images[rows],
        labels=moment.part.labels[rows],
        codes=moment.codes[rows],
    )
    return file.getvalue()


def _film(lines: list[Pictures]) -> bytes:
    """Return an animated PNG that goes to the end and back."""
    sheets = [
        Image.fromarray(image_figures.mosaic([line[k : k + 1] for line in lines], error_last=False))
        for k in range(len(lines[0]))
    ]
    sheets += sheets[-2:0:-1]
    file = BytesIO()
    sheets[0].save(
        file, "PNG", save_all=True, append_images=sheets[1:], duration=FRAME_MILLISECONDS, loop=0
    )
    return file.getvalue()
