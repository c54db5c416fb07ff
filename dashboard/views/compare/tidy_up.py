"""Tidy up: say what can be freed of the disk, and free it on a second click."""

import streamlit as st

from aecore.files import MEGABYTE
from aecore.i18n import N_, nt, t
from aecore.runs import tidy
from aecore.runs.tidy import FRAMES_KEPT, Savings
from dashboard.state import active_run, keys, messages


def button() -> None:
    """Draw the button that looks for what can be freed."""
    st.button(
        t("Tidy up"),
        key="tidy up",
        icon=":material/mop:",
        on_click=_look,
        help=t("Says what can be freed on the disk. Nothing is deleted before you confirm it."),
    )


def offer() -> None:
    """Say what the last look found, and draw the button that frees it."""
    savings: Savings | None = st.session_state.get(keys.SAVINGS)
    if savings is None:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(_description(savings), width="stretch")
        if savings.bytes:
            st.button(
                t("Free {size:,.1f} MB", size=savings.bytes / MEGABYTE),
                key="free",
                type="primary",
                on_click=_tidy,
                args=(savings,),
            )
        st.button(t("Cancel"), key="keep everything", on_click=_forget)


def _description(savings: Savings) -> str:
    texts = []
    if savings.frames:
        text = nt(
            "{count} finished run that is not a favourite keeps {kept} of its saved steps, from "
            "the first to the last: {size:,.1f} MB.",
            "{count} finished runs that are not favourites keep {kept} of their saved steps each, "
            "from the first to the last: {size:,.1f} MB.",
            len(savings.frames),
            kept=FRAMES_KEPT,
            size=sum(savings.frames.values()) / MEGABYTE,
        )
        texts.append(text)
    if savings.trash:
        text = nt(
            "{count} run in the trash is deleted: {size:,.1f} MB.",
            "{count} runs in the trash are deleted: {size:,.1f} MB.",
            len(savings.trash),
            size=sum(savings.trash.values()) / MEGABYTE,
        )
        texts.append(text)
    if not texts:
        return t("There is nothing to free: the trash is empty, and no run can spare saved steps.")
    return " ".join([*texts, t("This cannot be undone.")])


def _look() -> None:
    def look() -> None:
        # A run that is open is left alone, even where it is finished and nobody looks at it.
        active_run.sessions().close_idle()
        st.session_state[keys.SAVINGS] = tidy.find_savings(active_run.root())

    messages.attempt(look)


def _tidy(savings: Savings) -> None:
    def free() -> None:
        freed = tidy.tidy(active_run.root(), savings)
        messages.announce(N_("Freed {size:,.1f} MB.", size=freed.bytes / MEGABYTE))

    _forget()
    messages.attempt(free)


def _forget() -> None:
    del st.session_state[keys.SAVINGS]
