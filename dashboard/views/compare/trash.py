"""The trash: delete runs, restore them, or delete them for good."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from aecore.errors import RunError
from aecore.files import MEGABYTE
from aecore.i18n import N_, nt, t
from aecore.runs import trash
from aecore.runs.run import Run
from dashboard.state import active_run, keys, messages

SELECTED = "deleted runs"


def move(names: Sequence[str]) -> None:
    """Move runs to the trash, unless one is open or training."""

    def act() -> None:
        root = active_run.root()
        active_run.sessions().close_idle()
        for name in names:
            if Run(root / name).busy:
                raise RunError("{name} is open or training; open another run first.", name=name)
        st.session_state[keys.TRASHED] = [trash.move(root, name) for name in names]

    messages.attempt(act)


def panel(root: Path) -> None:
    """Offer to restore the runs that were deleted last, and any other in the trash."""
    sizes = trash.sizes(root)
    last = [name for name in st.session_state.get(keys.TRASHED, []) if name in sizes]
    if last:
        st.button(
            nt("Undo: restore {count} run", "Undo: restore {count} runs", len(last)),
            key="undo delete",
            icon=":material/undo:",
            on_click=_restore,
            args=(last,),
        )
    if not sizes:
        return
    megabytes = sum(sizes.values()) / MEGABYTE
    label = t("Trash ({size:,.1f} MB)", size=megabytes)
    with st.popover(label, icon=":material/delete:", key="trash"):
        names = st.multiselect(
            t("Deleted runs"),
            list(sizes),
            key=SELECTED,
            placeholder=t("Choose runs"),
            format_func=lambda name: f"{name} · {sizes.get(name, 0) / MEGABYTE:,.1f} MB",
        )
        with st.container(horizontal=True):
            st.button(
                t("Restore"),
                key="restore runs",
                icon=":material/restore_from_trash:",
                disabled=not names,
                on_click=lambda: _restore(st.session_state[SELECTED]),
            )
            st.button(
                t("Delete permanently"),
                key="delete permanently",
                icon=":material/delete_forever:",
                disabled=not names,
                on_click=_delete_permanently,
                help=t("This cannot be undone."),
            )


def _restore(names: Sequence[str]) -> None:
    st.session_state[SELECTED] = []

    def act() -> None:
        restored = [trash.restore(active_run.root(), name).name for name in names]
        messages.announce(N_("Restored: {names}.", names=", ".join(restored)))

    messages.attempt(act)


def _delete_permanently() -> None:
    # What is selected now: the button may not have been redrawn since.
    names = st.session_state[SELECTED]
    st.session_state[SELECTED] = []

    def act() -> None:
        freed = trash.delete(active_run.root(), names)
        megabytes = sum(freed.values()) / MEGABYTE
        messages.announce(N_("Freed {size:,.1f} MB.", size=megabytes))

    messages.attempt(act)
