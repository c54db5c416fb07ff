"""Download datasets, upload the user's own images, and manage them."""

from collections.abc import Mapping

import streamlit as st

from aecore import data
from aecore.i18n import t
from dashboard.shell import own_datasets, upload_preview
from dashboard.state import additions, commands, keys, messages
from dashboard.state.additions import Preview
from dashboard.widgets.heading import heading
from dashboard.widgets.polling import poll
from dashboard.widgets.task_progress import task_progress


def more_data(offers: Mapping[str, data.Offer]) -> None:
    """Show controls for adding datasets and managing the user's own.

    Parameters
    ----------
    offers : mapping of str to Offer
        All datasets by name.
    """
    # Not a popover, which would cover the preview.
    with st.expander(t("More data"), icon=":material/add_photo_alternate:"):
        missing = {name: offer for name, offer in offers.items() if not offer.present}
        if missing:
            heading(t("Download"))
        for name, offer in missing.items():
            _download(name, offer)
        heading(t("Upload"))
        upload_preview.uploader()
        own_datasets.manage([name for name, offer in offers.items() if offer.own])
    poll(additions.PART, _progress)
    upload_preview.preview()


def _download(name: str, offer: data.Offer) -> None:
    st.button(
        t("{title}, {size} MB", title=offer.title, size=offer.megabytes),
        key=f"download {name}",
        help=str(offer.description),
        width="stretch",
        disabled=additions.additions().running,
        on_click=lambda: messages.attempt(lambda: additions.start_download(name)),
    )


def _progress() -> bool:
    """Show the progress of adding a dataset, and what to do with it when it is complete.

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
        if task.about == (additions.FILES,):
            text = t("Reading your files...")
        else:
            text = t("Adding {name}: {share:.0%}", name=task.about[0], share=task.progress)
        task_progress("cancel adding", task, text)
        return True
    is_preview = st.session_state.pop(keys.ADDING) == additions.FILES
    row = task.rows[0] if task.rows else None
    if is_preview:
        images = row if isinstance(row, data.CustomImages) else None
        st.session_state[keys.PREVIEW] = Preview(images, task.error)
    elif task.error is not None:
        messages.report(task.error)
    elif isinstance(row, str):
        commands.choose_dataset(row)
    return False
