"""Upload the user's own images, and show what was understood before they are added."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from aecore import data
from aecore.data import CustomImages, Options
from aecore.data.custom.options import FITS, parse_size
from aecore.errors import LabError
from aecore.i18n import t
from dashboard.state import additions, commands, keys, messages
from dashboard.state.additions import Preview
from dashboard.widgets.image_grid import image_grid

COLUMNS, ROWS = 10, 3
EXAMPLES_SEED = 0
LARGEST_WHITE = 2.0**32


def uploader() -> None:
    """Show the upload; what is uploaded is read for a preview at once."""
    turn = st.session_state.get(keys.UPLOAD_TURN, 0)
    st.file_uploader(
        t("Pictures or a ZIP of them, arrays (NPZ, NPY, IDX), or a CSV of pixel values"),
        key=_upload_key(turn),
        accept_multiple_files=True,
        on_change=_read,
        disabled=additions.additions().running,
    )


def _upload_key(turn: int) -> str:
    return f"upload turn {turn}"


def _files() -> Sequence[Any]:
    files: Sequence[Any] = st.session_state.get(
        _upload_key(st.session_state.get(keys.UPLOAD_TURN, 0)), ()
    )
    return files


def _reread() -> None:
    """Read the files again with other options, unless the dialog was closed meanwhile.

    A slow browser may report a field of the dialog after its *Cancel*.
    """
    if keys.PREVIEW not in st.session_state:
        return
    st.session_state[keys.PREVIEW_CHANGED] = True
    try:
        additions.start_reading(_files(), _options())
    except LabError as error:
        # Shown in the dialog, which covers the page.
        st.session_state[keys.PREVIEW] = Preview(None, error)


def _read() -> None:
    """Read the uploaded files for a preview."""
    if files := _files():
        messages.attempt(lambda: additions.start_reading(files, _options()))


def _options() -> Options:
    """Return the options chosen in the preview.

    Raises
    ------
    LabError
        If one is out of bounds.
    """
    state = st.session_state
    size = state.get("upload size", "").strip()
    return Options(
        size=parse_size(size) if size else None,
        fit=state.get("upload fit", "pad"),
        white=state.get("upload white"),
        invert=state.get("upload invert", False),
        label_pattern=state.get("upload label pattern", "").strip(),
    )


def preview() -> None:
    """Show what was read, if anything was, in a dialog with *Add* and *Cancel*."""
    found: Preview | None = st.session_state.get(keys.PREVIEW)
    if found is None:
        return

    @st.dialog(t("Your own images"), width="large", on_dismiss=_cancel)
    def dialog() -> None:
        _show(found)

    dialog()


def _show(found: Preview) -> None:
    if keys.PREVIEW_CHANGED in st.session_state:
        # A widget of the dialog redraws only the dialog.
        st.rerun()
    if found.error is not None:
        st.error(str(found.error), icon=":material/error:")
    if found.images is not None:
        _understood(found.images)
    _choices()
    name = st.text_input(t("Name"), data.free_name(_first_name()), key="upload name")
    if _may_replace(name):
        st.checkbox(t("Replace the dataset of this name"), key="upload replace")
    with st.container(horizontal=True):
        st.button(
            t("Add"),
            key="add",
            type="primary",
            disabled=found.images is None or additions.additions().running,
            on_click=_add,
            args=(found.images,),
        )
        st.button(t("Cancel"), key="cancel upload", on_click=_close)


def _understood(images: CustomImages) -> None:
    """Show the report and some images of each class."""
    facts = images.report.facts()
    st.markdown("  \n".join(f"**{heading}**: {_plain(text)}" for heading, text in facts))
    chosen = np.random.default_rng(EXAMPLES_SEED).permutation(len(images.images))
    chosen = chosen[: COLUMNS * ROWS]
    chosen = chosen[np.argsort(images.labels[chosen], kind="stable")]
    chosen = chosen[: len(chosen) // COLUMNS * COLUMNS]
    pixels = images.images[chosen].astype(np.float32) / 255
    image_grid(
        "upload examples",
        list(pixels.reshape(-1, COLUMNS, *pixels.shape[1:])),
        label=t("Some of your images"),
    )


def _plain(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return "".join(f"\\{each}" if each in r"\`*_{}[]()#+-.!~$:<>|" else each for each in text)


def _choices() -> None:
    """Show the options; each change reads the files again."""
    left, middle, right = st.columns(3)
    left.text_input(
        t("Size"),
        key="upload size",
        placeholder=t("as it is"),
        help=t("One side in pixels, such as 28, or width by height, such as 32x24."),
        on_change=_reread,
    )
    middle.selectbox(
        t("Fit"),
        list(FITS),
        key="upload fit",
        format_func=lambda name: str(FITS[name].label),
        help="\n\n".join(f"**{each.label}** {each.description}" for each in FITS.values()),
        on_change=_reread,
    )
    right.number_input(
        t("White"),
        0.0,
        LARGEST_WHITE,
        None,
        key="upload white",
        placeholder=t("automatic"),
        help=t("Value of the pixels that is white, such as 255, 1 or 4095."),
        on_change=_reread,
    )
    left.toggle(
        t("Invert"), key="upload invert", help=t("Makes dark pixels light."), on_change=_reread
    )
    middle.text_input(
        t("Label in file names"),
        key="upload label pattern",
        placeholder="{label}_*",
        help=t("How file names contain the label; * stands for anything."),
        on_change=_reread,
    )


def _first_name() -> str:
    return next((str(file.name) for file in _files()), "")


def _may_replace(name: str) -> bool:
    offer = data.offers().get(name)
    return offer is not None and offer.own


def _close() -> None:
    st.session_state[keys.PREVIEW_CHANGED] = True
    _cancel()


def _add(images: CustomImages) -> None:
    if additions.additions().running:
        # An option was changed just before; what it makes of the files is shown first.
        return
    # Read now: the name may have been typed since the button was drawn.
    name = st.session_state["upload name"]
    replace = _may_replace(name) and st.session_state.get("upload replace", False)
    try:
        additions.add(images, name, replace=replace)
    except LabError as error:
        st.session_state[keys.PREVIEW] = Preview(images, error)
        st.session_state[keys.PREVIEW_CHANGED] = True
        return
    _close()
    commands.choose_dataset(name)


def _cancel() -> None:
    """Forget what was read, or is being read, and start with an empty upload."""
    st.session_state.pop(keys.PREVIEW, None)
    if st.session_state.get(keys.ADDING) == additions.FILES:
        del st.session_state[keys.ADDING]
    st.session_state[keys.UPLOAD_TURN] = st.session_state.get(keys.UPLOAD_TURN, 0) + 1
