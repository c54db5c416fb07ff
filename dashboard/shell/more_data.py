"""Download datasets or upload the user's own images, in the background."""

from collections.abc import Mapping

import streamlit as st

from aecore import data
from aecore.i18n import t
from dashboard.state import additions, commands, keys, messages
from dashboard.widgets.heading import heading
from dashboard.widgets.polling import poll
from dashboard.widgets.task_progress import task_progress


def more_data(missing: Mapping[str, data.Offer]) -> None:
    """Show the popover for adding datasets.

    Parameters
    ----------
    missing : mapping of str to Offer
        Datasets that are not downloaded yet, by name.
    """
    with st.popover(t("More data"), width="stretch", icon=":material/add_photo_alternate:"):
        if missing:
            heading(t("Download"))
        for name, offer in missing.items():
            _download(name, offer)
        heading(t("Your own images"))
        _own_images()
    poll(additions.PART, _progress)


def _download(name: str, offer: data.Offer) -> None:
    st.button(
        t("{title}, {size} MB", title=offer.title, size=offer.megabytes),
        key=f"download {name}",
        help=str(offer.description),
        width="stretch",
        disabled=additions.additions().running,
        on_click=lambda: messages.attempt(lambda: additions.start_download(name)),
    )


def _own_images() -> None:
    file = st.file_uploader(
        t("NPZ, ZIP of images, or CSV of pixel values"), ["npz", "zip", "csv"], key="upload"
    )
    name = st.text_input(t("Name"), key="upload name", placeholder="my-images")
    size = st.number_input(
        t("Resize to"),
        4,
        64,
        None,
        key="upload size",
        help=t("Side length in pixels. Leave empty to keep the size."),
    )
    if st.button(
        t("Add these images"),
        key="add",
        disabled=file is None or not name or additions.additions().running,
    ):
        assert file is not None
        messages.attempt(lambda: additions.start_adding(file, name, size))
        st.rerun()


def _progress() -> bool:
    """Show the progress of adding a dataset, and start a run on it when it is complete.

    Returns
    -------
    bool
        Whether a dataset is being added.
    """
    slot = additions.additions()
    if keys.ADDING not in st.session_state or slot.task is None:
        return False
    task = slot.task
    if task.running:
        text = t("Adding {name}: {share:.0%}", name=task.about[0], share=task.progress)
        task_progress("cancel adding", task, text)
        return True
    del st.session_state[keys.ADDING]
    if task.error is not None:
        messages.report(task.error)
    elif task.rows:
        commands.choose_dataset(task.rows[0])
    return False
