"""Panels of the Manifold page, about the points that the user has marked on the map."""

from io import BytesIO
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from aecore.data.names import display_name
from aecore.i18n import nt, t
from aecore.network import latent_space
from aecore.network.inference import decode
from dashboard.components.latent_canvas import Marks
from dashboard.components.mosaic import mosaic
from dashboard.figures import images as image_figures
from dashboard.state import cached
from dashboard.views.manifold.map import pin_codes
from dashboard.views.manifold.moment import Moment
from dashboard.views.manifold.options import MapOptions
from dashboard.views.manifold.quality import map_quality
from dashboard.views.manifold.units import units
from dashboard.widgets.download_button import download_button
from dashboard.widgets.image_grid import image_grid

__all__ = ["map_quality", "neighbours", "path", "selection", "units"]

GALLERY, PER_ROW = 60, 15
NEAREST = 12
STEPS = 14
FRAME_MILLISECONDS = 90

Pictures = NDArray[np.float32]


def selection(moment: Moment, options: MapOptions, marks: Marks) -> None:
    """Show the images inside the lasso or box, their mean, and the number of each class."""
    del options
    if not marks.selected:
        _hint(t("Draw a lasso or a box around points, with the buttons on the map or with Shift."))
        return
    rows = np.array(marks.selected)
    rows = rows[rows < len(moment.codes)]
    left, right = st.columns([3, 1], gap="medium")
    with left:
        visible = rows[:GALLERY]
        st.caption(
            nt(
                "{shown} of {count} image",
                "{shown} of {count} images",
                len(rows),
                shown=len(visible),
            )
        )
        gallery = moment.originals(visible)
        blank = np.zeros((-len(gallery) % PER_ROW, *gallery.shape[1:]), np.float32)
        lines = np.concatenate([gallery, blank]).reshape(-1, PER_ROW, *gallery.shape[1:])
        image_grid("gallery", list(lines), label=t("Selected images"), height=60 * len(lines))
    with right:
        code = moment.codes[rows].mean(0, keepdims=True)
        pair = [moment.originals(rows).mean(0), decode(moment.snapshot.decoder, code)[0]]
        columns = [t("mean image"), t("mean code, decoded")]
        image_grid("means", [np.stack(pair)], columns=columns, label=t("Means"), height=110)
        st.caption(_counts(moment, rows))
        download_button(
            "export selection",
            t("Export"),
            "selection.npz",
            lambda: _archive(moment, rows),
            help=t("An NPZ file with images, labels, codes and indices in the dataset."),
        )


def neighbours(moment: Moment, options: MapOptions, marks: Marks) -> None:
    """Show the nearest neighbours of the clicked image, by code and by pixels."""
    del options
    row = marks.chosen
    if row is None or row >= len(moment.codes):
        _hint(t("Click a point to see its nearest neighbours by code and by pixels."))
        return
    flat = moment.sample.images.reshape(len(moment.codes), -1)
    by_code = latent_space.nearest(moment.codes, moment.codes[row], NEAREST + 1)
    by_pixels = cached.in_session(
        "by pixels",
        (moment.image_set, cached.dataset_of(moment.snapshot).fingerprint, row),
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


def path(moment: Moment, options: MapOptions, marks: Marks) -> None:
    """Show the interpolation from pin to pin, in code space and as a cross-fade of pixels."""
    if len(marks.pins) < 2:
        _hint(t("Pin two points or places (Alt-click or P) to interpolate between them."))
        return
    codes = pin_codes(moment, options, marks)
    per_line = max(2, STEPS // (len(codes) - 1))
    walk = decode(moment.snapshot.decoder, latent_space.interpolate(codes, per_line))
    ends = decode(moment.snapshot.decoder, codes)
    fade = latent_space.interpolate(ends.reshape(len(ends), -1), per_line).reshape(walk.shape)
    playing = st.toggle(t("Animate"), key="play path")
    rows = [t("in code space"), t("in pixels")]
    label = t("From pin to pin, in code space and in pixels")
    if playing:
        mosaic("film", _film([walk, fade]), rows=rows, columns=[], label=label, height=240)
    else:
        image_grid("path", [walk, fade], rows=rows, label=label, height=170)


def _hint(text: str) -> None:
    with st.container(height=90, border=False, vertical_alignment="center"):
        st.caption(f":material/touch_app: {text}")


def _counts(moment: Moment, rows: NDArray[Any]) -> str:
    names = moment.snapshot.classes
    if not names:
        return ""
    labels, counts = np.unique(moment.sample.labels[rows], return_counts=True)
    order = np.argsort(-counts)
    titles = [
        display_name(names[label]) if label >= 0 else t("no label") for label in labels[order]
    ]
    return " · ".join(
        f"**{name}** {count:,}" for name, count in zip(titles, counts[order], strict=True)
    )


def _archive(moment: Moment, rows: NDArray[Any]) -> bytes:
    file = BytesIO()
    np.savez_compressed(
        file,
        indices=rows,
        images=moment.sample.images[rows],
        labels=moment.sample.labels[rows],
        codes=moment.codes[rows],
    )
    return file.getvalue()


def _film(lines: list[Pictures]) -> bytes:
    """Return an animated PNG of rows of images that plays forwards, then backwards."""
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
